. "${BASH_SOURCE[0]%/*}/mcli.bash"
