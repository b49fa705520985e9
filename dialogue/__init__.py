"""What we say and to whom we say it: one grounded engine, and the leads it wins."""

from dialogue.audit import Audit, AuditLine, log_audit
from dialogue.channel import BODY_LIMIT, Channel, ChannelError
from dialogue.conversation import Conversation
from dialogue.engine import Engine
from dialogue.errors import DialogueError
from dialogue.event import (
    Citation,
    Done,
    Emotion,
    Event,
    Handoff,
    LeadForm,
    LeadUpdate,
    Sentence,
    Suggestions,
)
from dialogue.handoff import HandoffPolicy, HandoffState, Reason, Who
from dialogue.handoff_event import handoff_events
from dialogue.live.comment import Comment, CommentQueue, CommentState
from dialogue.live.director import Director
from dialogue.live.line import Line, LineKind
from dialogue.live.live import LiveDesk
from dialogue.live.rundown import Rundown, ScriptLine
from dialogue.locale import LOCALE_PATTERN, Locale, locale_of
from dialogue.message import Message, Role
from dialogue.model.budget import Budget, Price, Usage
from dialogue.model.model import Model, ModelError, Patience
from dialogue.model.model_choice import create_model
from dialogue.safety.compliance import LIVE_RULES, ChannelRules, Verdict, comply
from dialogue.search import Knows

__all__ = [
    "BODY_LIMIT",
    "LIVE_RULES",
    "LOCALE_PATTERN",
    "Audit",
    "AuditLine",
    "Budget",
    "Channel",
    "ChannelError",
    "ChannelRules",
    "Citation",
    "Comment",
    "CommentQueue",
    "CommentState",
    "Conversation",
    "DialogueError",
    "Director",
    "Done",
    "Emotion",
    "Engine",
    "Event",
    "Handoff",
    "HandoffPolicy",
    "HandoffState",
    "Knows",
    "LeadForm",
    "LeadUpdate",
    "Line",
    "LineKind",
    "LiveDesk",
    "Locale",
    "Message",
    "Model",
    "ModelError",
    "Patience",
    "Price",
    "Reason",
    "Role",
    "Rundown",
    "ScriptLine",
    "Sentence",
    "Suggestions",
    "Usage",
    "Verdict",
    "Who",
    "comply",
    "create_model",
    "handoff_events",
    "locale_of",
    "log_audit",
]
