"""One engine for chat and live: a customer's text in, checked sentences out, cancellable at any point."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime

from dialogue.answer import assortment, phrases, variant
from dialogue.answer.answerer import EmbeddedAnswerer, cited_near
from dialogue.answer.catalogue import Shelf
from dialogue.answer.followup import pointed
from dialogue.answer.naming import named, one_named
from dialogue.answer.question import questions, resolved
from dialogue.answer.smalltalk import MANNERS, Talk, talk_of
from dialogue.answer.smalltalk_english import ENGLISH
from dialogue.answer.wording import choose
from dialogue.audit import Audit, Auditor, log_audit
from dialogue.composer import Composer, Names
from dialogue.conversation import Conversation
from dialogue.event import Citation, Done, Emotion, Event, LeadForm, LeadUpdate, Sentence, Suggestions
from dialogue.handoff import HandoffPolicy, Reason, Who
from dialogue.handoff_event import handoff_events
from dialogue.locale import Locale
from dialogue.message import Role
from dialogue.model.budget import Budget
from dialogue.model.model import Model
from dialogue.safety.compliance import CHAT_RULES, LIVE_RULES, PLATFORM_RULES, ChannelRules
from dialogue.safety.injection import DEFLECTIONS, Flag, guard
from dialogue.search import Knows, Search
from knowledge import Decision, Evidence, Turn

MAX_TEXT = 2_000
"""Characters of a message that are read; the rest is ignored."""
CHANNELS: Mapping[str, ChannelRules] = {"chat": CHAT_RULES, "live": LIVE_RULES}
"""Rules of the shop's own channels; every other name is a platform's, where contacts may not be sent."""


Asking = Callable[[Conversation, Evidence | None, str], LeadForm | None]
"""Decides, after an answer, whether to ask for a contact now."""


class Engine:
    """Answers for every merchant and channel. Holds no conversation: the caller does.

    `model` is asked where evidence answers the question and nobody tries to command it; without one, or when it is
    down, slow, over budget or not truthful, the embedded answerer speaks. `clock` gives local time. `shelf` gives a
    merchant's records, for questions about the whole range; `names` their names where that is cheaper.
    """

    def __init__(
        self,
        knowledge: Knows,
        *,
        clock: Callable[[], datetime],
        model: Model | None = None,
        budget: Budget | None = None,
        channels: Mapping[str, ChannelRules] = CHANNELS,
        handoff: HandoffPolicy | None = None,
        asking: Asking | None = None,
        names: Names | None = None,
        shelf: Shelf | None = None,
        audit: Audit = log_audit,
        search_timeout_s: float = 5.0,
        guarded: bool = True,
    ) -> None:
        self._clock = clock
        self._channels = channels
        self._handoff = handoff or HandoffPolicy()
        self._asking = asking
        self._shelf = shelf or (lambda merchant: ())
        self._names = names or (lambda merchant: tuple(record.name for record in self._shelf(merchant)))
        self._auditor = Auditor(audit, clock)
        self._search = Search(knowledge, shelf=self._shelf, auditor=self._auditor, timeout_s=search_timeout_s)
        self._guarded = guarded
        self._answerer = EmbeddedAnswerer()
        self._composer = Composer(
            self._answerer, clock=clock, model=model, budget=budget, names=self._names, auditor=self._auditor
        )

    async def reply(
        self, conversation: Conversation, text: str, *, channel: str, lead: LeadUpdate | None = None
    ) -> AsyncGenerator[Event, None]:
        """Answer a customer's message, sentence by sentence; ends with `Done`.

        `lead` says that a contact was found in the message and is already stored. Closing the iterator cancels
        everything under it; what was said until then stays in the conversation (see `Conversation.retract`).
        """
        text = text[:MAX_TEXT]
        now = self._clock()
        conversation.handoff = conversation.handoff.tick(now=now, policy=self._handoff).customer_spoke(now=now)
        history = conversation.turns()
        conversation.hear(text, at=now.timestamp())
        if lead:
            yield lead
        if conversation.handoff.silent:
            yield Done("silent", conversation.record_id)
            return
        rules = self._channels.get(channel, PLATFORM_RULES)
        async with aclosing(self._events(conversation, text, history, rules, lead)) as events:
            async for event in events:
                if isinstance(event, Sentence):
                    conversation.say(event.text, at=self._clock().timestamp(), record_id=event.record_id)
                    self._offer(conversation, event)
                yield event

    def _offer(self, conversation: Conversation, sentence: Sentence) -> None:
        """Remember the products that a sentence names, so that "第二个" can be said of them."""
        found = named(sentence.text, self._shelf(conversation.merchant)) if "、" in sentence.text else ()
        names = list(dict.fromkeys(one.records[0].name for one in found if len(one.records) == 1))
        if len(names) >= 2:
            conversation.offered = tuple(names)

    async def _events(
        self,
        conversation: Conversation,
        text: str,
        history: tuple[Turn, ...],
        rules: ChannelRules,
        lead: LeadUpdate | None,
    ) -> AsyncGenerator[Event, None]:
        whole = self._resolved(conversation, text, history)
        talk = talk_of(text) if whole == text else None
        if lead and (talk is None and not questions(text, lead=True)):
            talk = Talk.CONTACT
        flag = guard(text) if self._guarded else None
        if flag:
            self._auditor.note(
                conversation, f"injection/{flag.attack}", "refused" if flag.refused else "embedded", flag.matched
            )
        if talk is not None and not (flag and flag.refused):
            for event in self._talk(conversation, talk, rules):
                yield event
            return
        if flag and flag.refused:
            yield self._deflect(conversation, flag)
            yield Done("refuse", conversation.record_id)
            return
        asked = questions(whole)
        async with aclosing(self._answers(conversation, asked, history, rules, flag)) as events:
            async for event in events:
                yield event

    def _resolved(self, conversation: Conversation, text: str, history: tuple[Turn, ...]) -> str:
        """The text with what it leaves to the conversation filled in: a choice made, "the smaller one" by name."""
        whole = resolved(conversation, text)
        if whole != text:
            return whole
        text = pointed(text, conversation.offered)
        shelf = self._shelf(conversation.merchant)
        current = next((record for record in shelf if record.id == conversation.record_id), None)
        before = next((turn.text for turn in reversed(history) if turn.role == "user"), "")
        return variant.resolved(text, shelf, current=current, previous=before, today=self._clock())

    def _talk(self, conversation: Conversation, talk: Talk, rules: ChannelRules) -> list[Event]:
        manner = MANNERS[talk]
        wordings = manner.live if rules.live and manner.live else manner.wordings
        slot = f"talk/{talk}"
        if conversation.locale is Locale.EN and not rules.live:
            slot, wordings = f"{slot}/en", ENGLISH[talk]
        said = choose(conversation, slot, wordings)
        # At night nobody is there to be fetched: the call-back is offered instead of promising a transfer.
        asked = talk is Talk.HUMAN and not rules.live and conversation.handoff.who is Who.BOT
        absent = asked and not self._handoff.staffed(self._clock())
        events: list[Event] = [] if absent else [Sentence(said, manner.emotion, (), conversation.record_id)]
        reason = {Talk.HUMAN: Reason.ASKED, Talk.COMPLAINT: Reason.COMPLAINT, Talk.REFUND: Reason.REFUND}.get(talk)
        if reason and not rules.live:
            events += self._request(conversation, reason)
        events.append(Done("smalltalk", conversation.record_id))
        return events

    async def _answers(
        self,
        conversation: Conversation,
        asked: tuple[str, ...],
        history: tuple[Turn, ...],
        rules: ChannelRules,
        flag: Flag | None,
    ) -> AsyncGenerator[Event, None]:
        decision, record_id, version = Decision.REFUSE, conversation.record_id, ""
        evidence: Evidence | None = None
        said: list[str] = []
        previous = conversation.last(Role.ASSISTANT)
        suggestions: tuple[str, ...] = ()
        before = ""
        cited: set[Citation] = set()
        today = self._clock()
        for question in asked:
            shelf = self._shelf(conversation.merchant)
            if record_id is None and (which := assortment.pointless(question, shelf, conversation)):
                decision = decision if decision is Decision.ANSWER else Decision.ASK
                said.append(which.text)
                yield which
                continue
            if across := assortment.across(
                question, shelf, conversation, record_id=record_id, version=version, today=today
            ):
                decision, before = Decision.ANSWER, question
                record_id = conversation.record_id = across[0].record_id or record_id
                for sentence in across:
                    said.append(sentence.text)
                    yield sentence
                continue
            evidence = await self._search.evidence(conversation, question, history, record_id=record_id, before=before)
            if evidence is None:
                yield self._answerer.unavailable(conversation)
                continue
            before = question
            ranged = assortment.ranged(evidence, shelf, conversation, today=today)
            if ranged:
                decision, version = Decision.ANSWER, evidence.version or version
                record_id = conversation.record_id = ranged[0].record_id or record_id
                for sentence in ranged:
                    if sentence.text not in said:
                        said.append(sentence.text)
                        yield sentence
                continue
            if evidence.decision is Decision.REFUSE and (
                other := assortment.unanswered(evidence, shelf, conversation, record_id=record_id, today=today)
            ):
                decision = decision if decision is Decision.ANSWER else other.decision
                for sentence in other.sentences:
                    said.append(sentence.text)
                    yield sentence
                continue
            decided, sourced = evidence.decision, False
            version = evidence.version or version
            if about := evidence.record or one_named(question, shelf):
                record_id = conversation.record_id = about.id
            if evidence.decision is Decision.ASK:
                conversation.open_question, conversation.open_choices = question, evidence.choices
                suggestions = evidence.choices
            if flag and evidence.decision is not Decision.ANSWER:
                yield self._deflect(conversation, flag)
                decision = decided if decision is Decision.REFUSE else decision
                continue
            earlier = frozenset(cited)  # by the questions before it: within one answer a source may be quoted again
            async with aclosing(
                self._composer.sentences(conversation, evidence, history, rules, flag is not None)
            ) as sentences:
                async for sentence in sentences:
                    quoted = set(sentence.citations)
                    sourced = sourced or bool(quoted)
                    if sentence.text in said or (quoted and quoted <= earlier):
                        continue
                    cited |= quoted
                    if not said and previous and sentence.text in previous.text:
                        again = choose(conversation, "again", phrases.AGAIN)
                        sentence = Sentence(
                            again + sentence.text, sentence.emotion, sentence.citations, sentence.record_id
                        )
                    said.append(sentence.text)
                    yield sentence
            if decided is Decision.REFUSE and sourced and not _is_near(evidence, cited):
                decided = Decision.ANSWER  # the search was not sure, but a fact holds the very words
            if decided is Decision.ANSWER and not sourced:
                decided = Decision.REFUSE  # the evidence was found wanting: nothing of it could be said
            decision = decided if decision is Decision.REFUSE else decision
        for event in self._afterwards(conversation, evidence, decision, rules, suggestions):
            yield event
        yield Done(decision.value, record_id, version)

    def _afterwards(
        self,
        conversation: Conversation,
        evidence: Evidence | None,
        decision: Decision,
        rules: ChannelRules,
        suggestions: tuple[str, ...],
    ) -> list[Event]:
        events: list[Event] = []
        if decision is not Decision.ASK:
            conversation.open_question, conversation.open_choices = None, ()
        if suggestions:
            events.append(Suggestions(suggestions))
        conversation.low_evidence = conversation.low_evidence + 1 if decision is Decision.REFUSE else 0
        if rules.live:
            return events
        if conversation.low_evidence >= self._handoff.low_evidence:
            conversation.low_evidence = 0
            events += self._request(conversation, Reason.LOW_EVIDENCE)
        elif self._asking:
            form = self._asking(conversation, evidence, decision.value)
            if form:
                conversation.asked_contact += 1
                events.append(form)
        return events

    def _request(self, conversation: Conversation, reason: Reason) -> list[Event]:
        before = conversation.handoff
        conversation.handoff = before.request(reason, now=self._clock(), policy=self._handoff)
        if conversation.handoff == before:
            return []
        return handoff_events(conversation)

    def _deflect(self, conversation: Conversation, flag: Flag) -> Sentence:
        wordings = DEFLECTIONS.get(flag.attack) or DEFLECTIONS[None]
        return Sentence(choose(conversation, f"deflect/{flag.attack}", wordings), Emotion.NEUTRAL)


def _is_near(evidence: Evidence, cited: set[Citation]) -> bool:
    """Whether what was said is only the answer to a question like it: the shop still has to answer this one."""
    return evidence.near is not None and cited_near(evidence.near, evidence.version) in cited
