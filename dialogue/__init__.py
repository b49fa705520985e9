"""What we say and to whom we say it: one grounded engine, and the leads it wins."""

from dialogue.audit import Audit, AuditLine, log_audit
from dialogue.budget import Budget, Price, Usage
from dialogue.channel import BODY_LIMIT, Channel, ChannelError
from dialogue.comment import Comment, CommentQueue, CommentState
from dialogue.compliance import ChannelRules
from dialogue.conversation import Conversation
from dialogue.director import Director
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
from dialogue.line import Line, LineKind
from dialogue.live import LiveDesk
from dialogue.message import Message, Role
from dialogue.model import Model, ModelError, Patience
from dialogue.model_choice import create_model
from dialogue.rundown import Rundown, ScriptLine
from dialogue.search import Knows

__all__ = [
    "BODY_LIMIT",
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
    "Who",
    "create_model",
    "handoff_events",
    "log_audit",
]
