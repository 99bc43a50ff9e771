"""What a start does, told from inside it: python -S -P probe.py REPORT [WORD…].

A program by itself, in an interpreter without `site`, so that nothing of a machine's installation
is loaded with it, and it begins as pip's script does, in `mcli.__main__.entry`. It imports nothing
that Python has not. REPORT gets a literal of Python, which `start` reads.
"""

import os
import site
import sys

OPENING = {"open": "", "os.listdir": "/", "os.scandir": "/"}
"""Events, and what is put behind the name: a folder is listed."""
MAKERS = {"re._compiler": "compile", "dataclasses": "_process_class"}
"""The function of each module that runs once for each thing that is made."""
SEEN_THROUGH = {"re", "re._compiler", "dataclasses", "mcli.expressions"}
"""Modules that make things for others."""
LOADER = "<frozen importlib"
"""How the name of the import system's own code begins."""

before = {*sys.modules, "__main__", site.__name__}
importers: dict[str, str] = {}
opened: list[str] = []
made: dict[str, list[str]] = {name: [] for name in MAKERS}
finders = tuple(sys.meta_path)


def importer(frame):
    """The module whose import statement it is, or "?": one that is written in C."""
    while frame and (frame.f_code.co_filename.startswith(LOADER) or name_of(frame) == "__main__"):
        frame = frame.f_back
    return name_of(frame) if frame else "?"


def maker(frame):
    """The module that had something made, behind those that make it for all."""
    while name_of(frame) in SEEN_THROUGH:
        frame = frame.f_back
    return "re" if frame.f_code.co_filename.startswith(LOADER) else name_of(frame)


def name_of(frame):
    return frame.f_globals.get("__name__", "?")


def watch(event, args):
    """Note what is opened or listed, but for the import of a module."""
    if event in OPENING and isinstance(args[0], (str, bytes, os.PathLike)):
        code = sys._getframe(1).f_code
        if not code.co_filename.startswith(LOADER):
            opened.append(os.fsdecode(args[0]) + OPENING[event])


class Finder:
    """Notes who is the first to import a module, and counts what MAKERS make."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        importers.setdefault(name, importer(sys._getframe(1)))
        if name not in MAKERS:
            return None
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in finders)))
        execute = spec.loader.exec_module

        def execute_and_count(module):
            execute(module)
            setattr(module, MAKERS[name], counted(name, getattr(module, MAKERS[name])))

        spec.loader.exec_module = execute_and_count
        return spec


def counted(name, make):
    def count(*args, **more):
        made[name].append(maker(sys._getframe(1)))
        return make(*args, **more)

    return count


def leave(code, end=os._exit):
    """Tell all of it, and end as the program would have."""
    told = {
        "code": int(code),
        "loaded": {name: importers.get(name, "?") for name in sys.modules if name not in before},
        "opened": tuple(opened),
        "regexes": made["re._compiler"],
        "dataclasses": made["dataclasses"],
    }
    with open(report, "w", encoding="utf-8") as file:
        file.write(repr(told))
    end(code)


report, *words = sys.argv[1:]
sys.argv = ["mcli", *words]
sys.meta_path.insert(0, Finder)
sys.addaudithook(watch)
os._exit = leave
from mcli.__main__ import entry  # noqa: E402

entry()
