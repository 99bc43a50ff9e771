"""CORE: what was said before, and where it stands in a request."""

from __future__ import annotations

from mcli import messages
from mcli.chat import LEADING, Message
from mcli.shapes import frozen


@frozen
class History:
    """Messages that go before what is asked now. `whole`: they are all of the conversation, so no
    recipe has a word in it, and there need not be more to ask."""

    messages: tuple[Message, ...] = ()
    whole: bool = False

    def joined(self, told: tuple[Message, ...]) -> tuple[Message, ...]:
        """These and what is `told` now: system messages first, those of the history before."""
        own = messages.leading(told, LEADING)
        now = told[own:]
        if self.whole:
            now = tuple(one for one in now if one.content.strip() or one.parts)
        at = messages.leading(self.messages, LEADING)
        return (*self.messages[:at], *told[:own], *self.messages[at:], *now)

    def turn(self, sent: tuple[Message, ...], answer: Message) -> tuple[Message, ...]:
        """The turn that was added to these by what was `sent` and by its `answer`: the question,
        the tools that were called on the way, and the answer; no attempts that were no use."""
        asked = messages.leading(sent, LEADING) + len(self.messages)
        question, *since = sent[asked:]
        return (question, *(one for one in since if one.calls or one.role == "tool"), answer)


NONE = History()
