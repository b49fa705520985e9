"""What a channel is told about a hand-off: who speaks now, what was said so far, and a form to be called back."""

from __future__ import annotations

from dialogue.answer import phrases
from dialogue.answer.wording import choose
from dialogue.conversation import Conversation
from dialogue.event import Emotion, Event, Handoff, LeadForm, Sentence
from dialogue.handoff import HandoffState, Who
from dialogue.locale import Locale
from dialogue.summary import summarise


def handoff_events(conversation: Conversation) -> list[Event]:
    """The events that tell a channel about the conversation's present hand-off state."""
    state: HandoffState = conversation.handoff
    if state.who is Who.CALLBACK:
        english = conversation.locale is Locale.EN
        if conversation.reachable:
            known = phrases.CALLBACK_KNOWN_ENGLISH if english else phrases.CALLBACK_KNOWN
            said = choose(conversation, f"handoff/known/{conversation.locale}", known)
            return [Sentence(said, Emotion.NEUTRAL), Handoff("callback", summarise(conversation))]
        wordings = phrases.CALLBACK_ENGLISH if english else phrases.CALLBACK
        purpose = phrases.CALLBACK_PURPOSE_ENGLISH if english else phrases.CALLBACK_PURPOSE
        said = choose(conversation, f"handoff/callback/{conversation.locale}", wordings)
        return [
            Sentence(said, Emotion.NEUTRAL),
            Handoff("callback", summarise(conversation)),
            LeadForm(("phone", "time"), purpose, phrases.CALLBACK_POLICY),
        ]
    if state.who is Who.REQUESTED:
        return [Handoff("requested", summarise(conversation))]
    return [Handoff("human" if state.who is Who.HUMAN else "returned", summarise(conversation))]
