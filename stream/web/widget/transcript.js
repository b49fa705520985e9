// What the conversation looks like, from frames alone. No DOM: the view draws `items()`.
class Transcript {
  constructor() { this.clear(); }

  clear() {
    this.logged = new Map();   // seq → item
    this.waiting = [];         // own messages without a seq
    this.open = null;          // {seq, text, emotion}: an answer that is not complete
    this.typing = false;
    this.handoff = { state: "ai", name: "" };
    this.suggestions = [];
    this.problem = null;
  }

  mine(clientId, text, state) {
    this.waiting.push({ kind: "message", role: "visitor", clientId, text, state, at: Date.now() });
    this.problem = null;
  }

  mark(clientId, state, until) {
    const item = this.waiting.find((one) => one.clientId === clientId);
    if (item) Object.assign(item, { state, until });
  }

  take(frame) {
    switch (frame.type) {
      case "welcome":
        if (frame.fresh) { const kept = this.waiting; this.clear(); this.waiting = kept; }
        this.open = null; // an open answer comes again, from its beginning
        this.typing = false;
        this.handoff.state = frame.handoff;
        if (!this.logged.size) this.suggestions = frame.suggestions || [];
        break;
      case "ack": {
        const item = this.waiting.find((one) => one.clientId === frame.client_id);
        if (!item) break;
        this.waiting = this.waiting.filter((one) => one !== item);
        if (!this.logged.has(frame.seq)) this.logged.set(frame.seq, { ...item, seq: frame.seq, state: "" });
        break;
      }
      case "typing": this.typing = frame.on; break;
      case "delta": {
        const before = this.open && this.open.seq === frame.seq ? [...this.open.text].slice(0, frame.offset).join("") : "";
        this.open = { seq: frame.seq, text: before + frame.text, emotion: frame.emotion };
        this.problem = null;
        break;
      }
      case "retract": this.shut(frame.seq); break;
      case "message": {
        this.shut(frame.seq);
        const known = this.waiting.find((one) => frame.client_id && one.clientId === frame.client_id);
        if (known) this.waiting = this.waiting.filter((one) => one !== known);
        this.logged.set(frame.seq, { ...frame, kind: "message", at: frame.at_ms });
        if (frame.role !== "visitor") { this.suggestions = frame.suggestions || []; this.typing = false; }
        break;
      }
      case "lead_form": this.logged.set(frame.seq, { ...frame, kind: "form", state: "" }); break;
      case "lead_saved": {
        const form = [...this.logged.values()].find((one) => one.clientId && one.clientId === frame.client_id && one.kind === "form");
        if (form) form.state = "saved";
        this.logged.set(frame.seq, { ...frame, kind: form ? "nothing" : "saved" });
        break;
      }
      case "handoff":
        // Only the newest move is a card; a request that was answered is history.
        for (const one of this.logged.values()) if (one.kind === "handoff" && one.state === "requested") one.kind = "nothing";
        this.handoff = { state: frame.state === "returned" ? "ai" : frame.state, name: frame.name || "" };
        this.logged.set(frame.seq, { ...frame, kind: "handoff" });
        this.shut(this.open && this.open.seq);
        break;
      case "error":
        if (frame.client_id && !frame.retry_after_ms) this.mark(frame.client_id, "failed:" + frame.message);
        else if (frame.client_id) this.mark(frame.client_id, "later", Date.now() + frame.retry_after_ms);
        else if (frame.code === "answer_failed") { this.problem = frame; this.typing = false; }
        break;
    }
  }

  shut(seq) {
    if (this.open && this.open.seq === seq) this.open = null;
  }

  items() {
    const items = [...this.logged.values()].sort((a, b) => a.seq - b.seq).filter((one) => one.kind !== "nothing");
    if (this.open) items.push({ kind: "open", ...this.open });
    return [...items, ...this.waiting];
  }
}
