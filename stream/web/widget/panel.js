// The panel: draws the transcript and passes on what the visitor does.
const LIVE_MS = 40;

class Panel {
  constructor(root, { say, page, name, avatar }, on) {
    Object.assign(this, { root, say, page, on, name: name || "", avatar });
    this.transcript = new Transcript();
    this.nodes = new Map();
    this.pace = new Pace();
    this.forms = new Map();     // local cards that are no part of the log
    this.voted = new Map();
    this.link = { kind: "connecting", attempt: 0 };
    this.build();
  }

  build() {
    const { say } = this;
    this.title = el("h2", { id: "zg-title" }, this.name);
    this.status = el("span", {}, "");
    this.face = el("span.ava", { "aria-hidden": "true" });
    this.human = el("button.btn.sm.zg-human", { type: "button", "aria-label": say("toHumanLong"), click: () => this.on.human("human") }, icon("headset", "s"), say("toHuman"));
    this.fold = el("button.iconbtn", { type: "button", "aria-label": say("fold"), hidden: this.page, click: () => this.on.close() }, icon("down"));
    this.notice = el("p.notice", { role: "note" }, icon("spark", "s"), (this.noticeText = el("span", {}, say("notice"))));
    this.handbar = el("p.notice.info", { role: "note", hidden: true });
    this.netbar = el("p.notice.amber", { role: "status", hidden: true });
    this.list = el("div.chat", {});
    this.log = el("div.zg-log", { role: "log", "aria-live": "off", tabindex: "0", "aria-label": say("dialog", { name: "" }), scroll: () => this.scrolled() }, this.list);
    this.below = el("button.zg-below", { type: "button", hidden: true, click: () => this.toEnd(true) }, icon("down", "xs"), say("newBelow"));
    this.chips = el("div.suggest-bar", { role: "group", "aria-label": say("suggestions"), hidden: true });
    this.composer = new Composer(say, { say: (text) => { this.stick = true; this.on.say(text); }, typing: () => this.on.typing() });
    this.voice = el("div.vh", { "aria-live": "polite", role: "status" });
    this.element = el("section.zg" + (this.page ? ".page" : ""), this.page ? { role: "region", "aria-labelledby": "zg-title" } : { role: "dialog", "aria-labelledby": "zg-title", hidden: true },
      el("header.zg-head", {}, this.face, el("div.grow", {}, this.title, el("p.zg-status", {}, el("i.dot"), this.status)), this.human, this.fold),
      this.notice, this.handbar, this.netbar, el("div.zg-mid", {}, this.log, this.below), this.chips, this.composer.counter, this.composer.form, this.voice);
    this.root.append(this.element);
    this.setShop({ name: this.name, ai_notice: "" });
    addEventListener("visibilitychange", () => document.hidden || this.draw());
  }

  setShop({ name, ai_notice, greeting, text_limit }) {
    if (name) this.name = name;
    if (text_limit) this.composer.limit = text_limit;
    this.title.textContent = this.say("dialog", { name: this.name });
    if (ai_notice) this.noticeText.textContent = ai_notice;
    if (greeting) this.greeting = greeting;
    this.draw();
  }

  focus() { this.composer.focus(); }

  // -- drawing --------------------------------------------------------------------------------------------------
  draw() {
    if (this.pending) return;
    this.pending = true;
    const go = () => { this.pending = false; this.paint(); };
    if (document.hidden) setTimeout(go, LIVE_MS); else requestAnimationFrame(go);
  }

  paint() {
    const { transcript: t, say } = this;
    const items = t.items();
    const wanted = [];
    if (this.greeting) wanted.push(["greeting", { kind: "message", role: "assistant", text: this.greeting, citations: [] }]);
    let last = 0;
    for (const item of items) {
      const at = item.at;
      if (at && at - last > 300000) wanted.push(["day" + Math.round(at / 1000), { kind: "day", at }]);
      last = at || last;
      wanted.push([item.seq ? "s" + item.seq : "c" + item.clientId, item]);
    }
    for (const [key, item] of this.forms) wanted.push([key, item]);
    if (this.link.kind === "ended") wanted.push(["ended", { kind: "ended" }]);
    if (t.problem) wanted.push(["problem", { kind: "problem" }]);
    if (t.typing && !t.open && !this.pace.busy()) wanted.push(["typing", { kind: "typing" }]);
    // A form the conversation has gone past folds up; one contact saved is enough.
    let later = false, saved = false;
    for (const one of [...items].reverse()) {
      if (one.kind === "form") one.passed = later, one.state = saved && !one.state ? "gone" : one.state;
      later = later || one.kind === "form" || (one.kind === "message" && one.role === "visitor");
      saved = saved || one.kind === "saved";
    }
    const newest = [...items].reverse().find((one) => one.kind === "message" && one.role !== "visitor");

    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, entry] of this.nodes) if (!keys.has(key)) { entry.node.remove(); this.nodes.delete(key); }
    let before = null;
    for (const [key, item] of wanted) {
      const face = JSON.stringify([item, item === newest, this.voted.get(item.seq), this.link.kind === "open"]);
      let entry = this.nodes.get(key);
      if (!entry || entry.face !== face) {
        const node = this.node(key, item, item === newest, entry && entry.node);
        if (entry && entry.node !== node) entry.node.replaceWith(node);
        else if (!entry && this.settled) node.classList.add("in");
        entry = { node, face };
        this.nodes.set(key, entry);
      }
      const place = before ? before.nextSibling : this.list.firstChild;
      if (entry.node !== place) this.list.insertBefore(entry.node, place);
      before = entry.node;
    }
    this.paintBars();
    this.paintChips(t);
    this.reveal();
    if (this.stick !== false) this.toEnd();
    else this.below.hidden = false;
  }

  // The server will not talk to us: say why, offer nothing that cannot work.
  end({ reason }) {
    this.ended = reason ? reason.message : "";
    this.composer.input.disabled = true;
    this.draw();
  }

  paintBars() {
    const { say, transcript: t, link } = this;
    const who = t.handoff.state === "human" ? "human" : "ai";
    const state = link.kind === "ended" || link.kind === "waiting" ? "reconnect" : who;
    this.element.dataset.state = state;
    this.face.replaceWith((this.face = this.avatarOf(who, t.handoff.name)));
    this.status.textContent = link.kind === "ended" ? say("closedTitle") : state === "reconnect" ? say("reconnecting") : link.kind !== "open" ? say("connecting")
      : who === "human" ? (t.handoff.name ? t.handoff.name + " · " : "") + say("human") : say("ai") + " · " + say("online");
    this.human.hidden = who === "human" || t.handoff.state === "requested" || link.kind === "ended";
    const bar = who === "human" ? "handed" : t.handoff.state === "requested" ? "seeking" : "";
    if (this.handbar.dataset.bar !== bar) {
      this.handbar.dataset.bar = bar;
      this.handbar.hidden = !bar;
      if (bar) this.handbar.replaceChildren(icon("headset", "s"), el("span", {}, say(bar)), bar === "handed" ? el("button.under", { type: "button", click: () => this.on.human("ai") }, say("backToAi")) : "");
    }
    const waiting = link.kind === "waiting" || (link.kind === "connecting" && link.attempt > 1);
    const seconds = Math.max(0, Math.ceil((link.until - Date.now()) / 1000));
    const net = !waiting ? "" : link.kind === "waiting" ? say("retryIn", { n: seconds }) : say("retrying");
    if (this.netbar.dataset.net !== net) {
      const was = this.netbar.dataset.net;
      this.netbar.dataset.net = net;
      this.netbar.hidden = !net;
      if (!was && net) {
        this.countdown = el("b.num", { "aria-hidden": "true" });
        this.netbar.replaceChildren(icon("wifi", "s"), el("span", {}, say("offline")), this.countdown, el("button.under", { type: "button", click: () => this.on.retry() }, say("retryNow")));
      }
      if (this.countdown) this.countdown.textContent = net;
    }
    clearTimeout(this.tick);
    if (link.kind === "waiting") this.tick = setTimeout(() => this.paintBars(), 500);
  }

  paintChips(t) {
    const show = this.pace.busy() || t.open || t.typing || t.handoff.state === "human" ? [] : t.suggestions;
    const face = show.join("\n");
    if (this.chips.dataset.face === face) return;
    this.chips.dataset.face = face;
    this.chips.hidden = !show.length;
    this.chips.replaceChildren(...show.map((text) => el("button.chip", { type: "button", click: () => { this.composer.submit(text); this.focus(); } }, text)));
    this.chips.scrollLeft = 0;
  }

  reveal() {
    const { grown, due } = this.pace.step();
    const entries = grown.map((seq) => this.nodes.get("s" + seq)).filter(Boolean);
    for (const entry of entries) entry.face = "";
    if (due || entries.length) this.draw();
  }

  // Screen readers get whole sentences, not the letters as they appear.
  heard(text) {
    this.voice.append(el("p", {}, text));
    while (this.voice.children.length > 6) this.voice.firstChild.remove();
  }

  node(key, item, newest, old) {
    const { say } = this;
    switch (item.kind) {
      case "day": return el("p.daymark", {}, this.dayText(item.at));
      case "typing": return el("div.msg", {}, this.avatarOf(this.element.dataset.state === "human" ? "human" : "ai", this.transcript.handoff.name), el("div.body", {}, el("p.bubble.typing", { role: "status", "aria-label": say("typing") }, el("i"), el("i"), el("i"))));
      case "form": return this.formNode(key, item, old);
      case "saved": return el("p.zg-line", {}, icon("check", "xs"), say("saved"));
      case "handoff": return this.handoffNode(item);
      case "problem": return this.problemNode();
      case "ended": return el("div.errcard", { role: "alert" }, icon("alert"), el("div.grow", {}, el("b", {}, say("closedTitle")), el("p", {}, this.ended)));
    }
    if (item.role === "visitor") return this.mineNode(item);
    return this.answerNode(item, newest);
  }

  answerNode(item, newest) {
    const { say } = this;
    const running = item.kind === "open";
    const part = this.pace.part(item.seq, item.text);
    const partial = part !== null;
    const operator = item.role === "operator";
    const body = el("div.body", {});
    if (operator) body.append(el("p.who", {}, item.name || say("h_someone"), " ", el("span.tag.info", {}, say("human"))));
    body.append(el("p.bubble" + (running || partial ? ".caret" : ""), {}, ...prose(partial ? part : item.text)));
    if (running || partial) {
      body.append(el("p.state", {}, el("span.eq", { "aria-hidden": "true" }, el("i"), el("i"), el("i")), say("answering"), running ? el("button.under", { type: "button", click: () => this.on.stop() }, say("stop")) : ""));
    } else if (!operator) {
      if (item.citations && item.citations.length) body.append(evidence(item.citations, this.say));
      if (newest && item.seq) body.append(this.vote(item));
    }
    return el("div.msg", running ? { "aria-busy": "true" } : {}, this.avatarOf(operator ? "human" : "ai", item.name), body);
  }

  vote(item) {
    const { say } = this;
    const now = this.voted.get(item.seq) || 0;
    const one = (score, name, label) => el("button.zg-vote", { type: "button", "aria-label": say(label), "aria-pressed": String(now === score), title: say(label), click: () => {
      const score2 = now === score ? 0 : score;
      this.voted.set(item.seq, score2);
      this.on.vote(item.seq, score2);
      this.draw();
    } }, icon(name, "s"));
    return el("div.zg-votes", {}, one(1, "up", "helpful"), one(-1, "no", "unhelpful"), now ? el("span.hint", { role: "status" }, say("thanks")) : "");
  }

  mineNode(item) {
    const { say } = this;
    const body = el("div.body", {}, el("p.bubble", {}, item.text));
    const state = item.state || "";
    if (state.startsWith("failed")) {
      body.append(el("p.state.bad", {}, icon("alert", "xs"), state.slice(7) || say("failed"), el("button.under", { type: "button", click: () => this.on.again(item) }, say("resend"))));
    } else if (state === "later") {
      body.append(el("p.state", {}, icon("clock", "xs"), say("later", { n: Math.max(1, Math.ceil((item.until - Date.now()) / 1000)) })));
    } else if (state === "sent" && this.link.kind !== "open") {
      body.firstChild.classList.add("pending");
      body.append(el("p.state", {}, icon("clock", "xs"), say("queued")));
    }
    return el("div.msg.me", {}, body);
  }

  formNode(key, item, old) {
    const { say } = this;
    if (item.state === "gone") return el("span", { hidden: true });
    if (item.state === "saved") return el("p.zg-line", {}, icon("check", "xs"), say("formSaved"));
    if (item.passed && !item.reopened && !(old && touched(old))) {
      return el("div.zg-line", {}, el("button.btn.sm", { type: "button", click: () => { item.reopened = true; this.draw(); } }, icon("phone", "s"), say("leave")));
    }
    if (item.state === "declined") return el("p.zg-line.muted", {}, say("declined"));
    const frame = old && old.querySelector("form") ? old : el("div.msg", {}, el("span"), el("div.body", {}, formCard(item, key, say, {
      submit: (values, share) => this.on.lead(item, values, share),
      decline: () => this.on.decline(item),
    })));
    const form = frame.querySelector("form");
    form.querySelectorAll("input, button").forEach((one) => { one.disabled = item.state === "saving"; });
    let note = form.querySelector(".zg-note");
    if (!note) form.append((note = el("p.hint.zg-note", { role: "status" })));
    note.textContent = item.state === "saving" ? say("saving") : "";
    note.classList.toggle("bad", Boolean(item.fault));
    if (item.fault) note.textContent = item.fault;
    return frame;
  }

  handoffNode(item) {
    const { say } = this;
    const who = item.name || say("h_someone");
    const known = ["requested", "human", "returned", "callback"].includes(item.state) ? item.state : "requested";
    return el("p.handcard", {}, el("span.hc-i", {}, icon(known === "returned" ? "spark" : known === "callback" ? "phone" : "hand")), el("span", {}, el("b", {}, say("h_" + known, { who })), el("br"), say("h_" + known + "2")));
  }

  problemNode() {
    const { say } = this;
    return el("div.errcard", { role: "alert" }, icon("alert"), el("div.grow", {}, el("b", {}, say("broken")), el("p", {}, say("brokenLong")), el("div.row", {},
      el("button.btn.sm", { type: "button", click: () => this.on.retryAnswer() }, icon("refresh", "s"), say("retry")),
      el("button.btn.sm", { type: "button", click: () => this.on.leavePhone() }, icon("phone", "s"), say("leavePhone")))));
  }

  avatarOf(who, name) {
    if (who === "human") return el("span.ava.c2", { "aria-hidden": "true" }, [...(name || this.say("human"))][0]);
    if (this.avatar) return el("span.ava.host", { "aria-hidden": "true" }, el("img", { src: this.avatar, alt: "" }));
    return el("span.ava.zg-seal", { "aria-hidden": "true" }, [...(this.name || "掌")][0]);
  }

  dayText(at) {
    const day = new Date(at);
    const clock = day.toTimeString().slice(0, 5);
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / 86400000);
    return days === 0 ? this.say("today", { t: clock }) : days === 1 ? this.say("yesterday", { t: clock }) : `${day.getMonth() + 1}-${day.getDate()} ${clock}`;
  }

  scrolled() {
    const { log } = this;
    this.stick = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    if (this.stick) this.below.hidden = true;
  }

  toEnd(force) {
    if (force) this.stick = true;
    this.below.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
  }
}

// Whether the visitor has begun to fill in a form.
function touched(node) {
  return [...node.querySelectorAll("input")].some((one) => one.value && one.type !== "checkbox");
}
