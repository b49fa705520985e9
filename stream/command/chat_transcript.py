"""What a client of the chat protocol has to keep, and nothing more: pure, so that a bot may be built on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing to show: a logged frame, or (`complete` false) the answer being said."""

    seq: int
    kind: str
    frame: Mapping[str, Any]
    complete: bool = True

    @property
    def text(self) -> str:
        """Text of a message, empty for everything else."""
        return str(self.frame.get("text", ""))


@dataclass(slots=True)
class Transcript:
    """Takes the server's frames in the order they came; `after_seq` is what the next `hello` has to say.

    `take` returns the text that is new on the screen: that of a delta, or of a message which was not said in deltas.
    """

    conversation: str | None = None
    token: str | None = None
    after_seq: int = 0
    logged: dict[int, Shown] = field(default_factory=dict)
    partial: Shown | None = None
    unacknowledged: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """Frames that must arrive, by `client_id`: send them again after each `welcome`."""

    def sending(self, frame: Mapping[str, Any]) -> Mapping[str, Any]:
        """Remember a frame until it is acknowledged; returns it."""
        self.unacknowledged[str(frame["client_id"])] = frame
        return frame

    def hello(self) -> dict[str, Any]:
        """The first frame of the next socket."""
        frame: dict[str, Any] = {"type": "hello", "protocol": 1}
        if self.token is not None:
            frame |= {"token": self.token, "conversation": self.conversation, "after_seq": self.after_seq}
        return frame

    def take(self, frame: Mapping[str, Any]) -> str:
        """One frame of the server. Raises `ValueError` when it breaks the protocol's promises."""
        match frame["type"]:
            case "welcome":
                self._welcome(frame)
            case "pong":
                self.token = frame.get("token", self.token)
            case "ack":
                self._acked(frame)
            case "delta":
                return self._delta(frame)
            case "retract":
                self._log(Shown(frame["seq"], "retract", frame))
            case "message":
                return self._message(frame)
            case "lead_saved":
                self.unacknowledged.pop(frame["client_id"], None)
                self._log(Shown(frame["seq"], "lead_saved", frame))
            case "lead_form" | "handoff" as kind:
                self._log(Shown(frame["seq"], kind, frame))
            case "error":
                if frame.get("client_id") and not frame.get("retry_after_ms"):
                    self.unacknowledged.pop(frame["client_id"], None)
        return ""

    def shown(self) -> list[Shown]:
        """Everything there is to show, in order."""
        items = [self.logged[seq] for seq in sorted(self.logged) if self.logged[seq].kind != "retract"]
        return [*items, self.partial] if self.partial is not None else items

    def _welcome(self, frame: Mapping[str, Any]) -> None:
        if frame["conversation"] != self.conversation:
            self.after_seq = 0
            self.logged.clear()
        self.conversation, self.token = frame["conversation"], frame["token"]
        self.partial = None

    def _acked(self, frame: Mapping[str, Any]) -> None:
        sent = self.unacknowledged.pop(frame["client_id"], None)
        seq = frame["seq"]
        if sent is not None and sent["type"] == "message" and seq not in self.logged:
            own = {**sent, "role": "visitor", "seq": seq}
            self.logged[seq] = Shown(seq, "message", own)
        self.after_seq = max(self.after_seq, seq)

    def _delta(self, frame: Mapping[str, Any]) -> str:
        seq, offset = frame["seq"], frame["offset"]
        if seq <= self.after_seq:
            raise ValueError(f"delta for {seq}, which is complete")
        before = self.partial.text if self.partial is not None and self.partial.seq == seq else ""
        if offset > len(before):
            raise ValueError(f"delta for {seq} at {offset}, but only {len(before)} characters are known")
        self.partial = Shown(
            seq, "message", {**frame, "role": "assistant", "text": before[:offset] + frame["text"]}, False
        )
        return str(frame["text"])

    def _message(self, frame: Mapping[str, Any]) -> str:
        partial = self.partial
        said = partial.text if partial is not None and partial.seq == frame["seq"] else ""
        self._log(Shown(frame["seq"], "message", frame))
        return str(frame["text"]).removeprefix(said)

    def _log(self, item: Shown) -> None:
        if item.seq in self.logged:
            raise ValueError(f"{item.seq} came twice")
        if item.seq <= self.after_seq:
            raise ValueError(f"{item.seq} came after {self.after_seq}")
        self.logged[item.seq] = item
        self.after_seq = item.seq
        if self.partial is not None and self.partial.seq <= item.seq:
            self.partial = None
