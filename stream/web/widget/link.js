// The connection: one socket at a time, backoff with jitter, an outbox that outlives it. Shows nothing.
const PROTOCOL = 1;
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000, 15000, 30000];
const FINAL = new Set([4400, 4403, 4404, 4426]);
const PING_MS = 25000;
const QUIET_MS = 60000;

class Link {
  // `memory` keeps {token, conversation, outbox} over page loads; `on` has frame(f), state(s), outbox(list).
  constructor(url, memory, locale, on) {
    Object.assign(this, { url, memory, locale, on });
    this.seq = 0;
    this.attempt = 0;
    this.outbox = memory.get().outbox || [];
    this.socket = null;
    this.ready = false;
    this.ended = false;
    this.timers = {};
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.socket && this.socket.close());
    addEventListener("pagehide", () => this.socket && this.socket.close(1000));
    addEventListener("pageshow", (event) => event.persisted && this.retryNow());
  }

  open() {
    if (this.socket || this.ended) return;
    clearTimeout(this.timers.retry);
    this.on.state({ kind: "connecting", attempt: this.attempt });
    const socket = (this.socket = new WebSocket(this.url));
    clearTimeout(this.timers.connect);
    this.timers.connect = setTimeout(() => !this.ready && socket.close(), 10000);
    socket.onopen = () => {
      const { token, conversation } = this.memory.get();
      const back = token && conversation ? { token, conversation, after_seq: this.seq } : {};
      this.raw({ type: "hello", protocol: PROTOCOL, locale: this.locale, ...back });
    };
    socket.onmessage = (event) => this.heard(JSON.parse(event.data));
    socket.onclose = (event) => this.closed(socket, event.code);
  }

  retryNow() {
    if (!this.socket && !this.ended && this.attempt) { this.attempt = 1; this.open(); }
  }

  heard(frame) {
    this.quiet();
    if (frame.type === "welcome") {
      const fresh = this.memory.get().conversation !== frame.conversation;
      if (fresh) this.seq = 0;
      this.memory.set({ token: frame.token, conversation: frame.conversation });
      this.ready = true;
      this.attempt = 0;
      clearInterval(this.timers.ping);
      this.timers.ping = setInterval(() => this.raw({ type: "ping" }), PING_MS);
      this.on.state({ kind: "open", fresh });
      this.on.frame({ ...frame, fresh });
      this.outbox.forEach((item) => this.raw(item.frame));
      return;
    }
    if (frame.type === "pong") return frame.token && this.memory.set({ token: frame.token });
    if (frame.type === "ack" || frame.type === "lead_saved") this.settle(frame.client_id);
    if (frame.type === "error") this.refused(frame);
    // A delta belongs to an answer that is not complete; everything else with a seq is.
    if (frame.seq && frame.type !== "delta") this.seq = Math.max(this.seq, frame.seq);
    this.on.frame(frame);
  }

  refused(frame) {
    this.reason = frame;
    const item = this.outbox.find((one) => one.frame.client_id === frame.client_id);
    if (!item) return;
    if (frame.retry_after_ms) {
      setTimeout(() => this.ready && this.outbox.includes(item) && this.raw(item.frame), frame.retry_after_ms + 50);
    } else {
      this.settle(frame.client_id);
    }
  }

  quiet() {
    clearTimeout(this.timers.quiet);
    this.timers.quiet = setTimeout(() => this.socket && this.socket.close(), QUIET_MS);
  }

  closed(socket, code) {
    if (socket !== this.socket) return;
    Object.values(this.timers).forEach(clearTimeout);
    this.socket = null;
    this.ready = false;
    if (code === 4401) { // the token ran out: start a new conversation, unsent messages come along
      this.memory.set({ token: null, conversation: null });
      this.seq = 0;
      if (this.attempt < 2) { this.attempt += 1; return this.open(); }
    }
    if (FINAL.has(code) || code === 4409) {
      this.ended = true;
      return this.on.state({ kind: "ended", code, reason: this.reason });
    }
    const base = BACKOFF_MS[Math.min(this.attempt, BACKOFF_MS.length - 1)];
    const wait = Math.max(code === 4429 ? 5000 : 0, base * (0.75 + Math.random() / 2));
    this.attempt += 1;
    this.on.state({ kind: "waiting", attempt: this.attempt, until: Date.now() + wait });
    this.timers.retry = setTimeout(() => this.open(), wait);
  }

  // Send something that must arrive: it waits in the outbox until it is acknowledged. Contacts of a form stay in memory.
  post(frame) {
    this.outbox.push({ frame });
    this.keep();
    if (this.ready) this.raw(frame); else this.open();
  }

  settle(clientId) {
    this.outbox = this.outbox.filter((item) => item.frame.client_id !== clientId);
    this.keep();
  }

  keep() {
    this.memory.set({ outbox: this.outbox.filter((item) => item.frame.type !== "lead").slice(-20) });
  }

  raw(frame) {
    if (this.socket && this.socket.readyState === 1) this.socket.send(JSON.stringify(frame));
  }
}

// What outlives a page load; falls back to this page's life where storage is refused.
function memoryOf(key) {
  let held = {};
  try { held = JSON.parse(localStorage.getItem(key)) || {}; } catch (error) { held = {}; }
  return {
    get: () => held,
    set(values) {
      held = { ...held, ...values };
      try { localStorage.setItem(key, JSON.stringify(held)); } catch (error) { this.lost = error; }
    },
  };
}
