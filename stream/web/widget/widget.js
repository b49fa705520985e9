// Starts the widget for the script tag that loaded it:
// <script src="https://…/widget.js" data-merchant="demo" data-lang="zh|en" data-theme="auto|light|dark" defer></script>
function start(script) {
  const { merchant, lang, theme, mode, name, avatar, tease } = script.dataset;
  if (!merchant) throw new Error("zhanggui: the script tag needs data-merchant");
  const language = lang === "en" ? "en" : "zh";
  const say = wording(language);
  const page = mode === "page";
  const base = new URL(script.src);
  const url = `${base.protocol === "https:" ? "wss:" : "ws:"}//${base.host}/ws/chat/${encodeURIComponent(merchant)}`;
  const memory = memoryOf(`zg:${base.host}:${merchant}`);

  const host = el("div", { id: "zg-root", lang: language === "zh" ? "zh-CN" : "en", "data-theme": theme === "dark" || theme === "light" ? theme : false });
  const root = host.attachShadow({ mode: "open" });
  if ("adoptedStyleSheets" in root) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
  } else root.append(el("style", {}, STYLE));

  const newId = () => "w" + Date.now().toString(36) + Math.random().toString(36).slice(2, 10);
  let unread = 0;
  let overflow = null;        // the page's own, while the panel covers it
  let spoken = "";
  let typedAt = 0;
  const panel = new Panel(root, { say, page, name, avatar }, {
    close: () => show(false),
    say: (text) => {
      const client_id = newId();
      t.mine(client_id, text, "sent");
      link.post({ type: "message", client_id, text });
      panel.draw();
    },
    again: (item) => {
      t.waiting = t.waiting.filter((one) => one !== item);
      panel.on.say(item.text);
    },
    typing: () => {
      if (Date.now() - typedAt > 3000) { typedAt = Date.now(); link.raw({ type: "typing" }); }
    },
    stop: () => link.raw({ type: "stop" }),
    human: (to) => link.post({ type: "handoff", client_id: newId(), to }),
    retry: () => link.retryNow(),
    vote: (seq, score) => link.raw({ type: "feedback", seq, score }),
    retryAnswer: () => {
      const asked = t.items().filter((one) => one.role === "visitor").pop();
      t.problem = null;
      if (asked) panel.on.say(asked.text);
    },
    leavePhone: () => {
      t.problem = null;
      panel.forms.set("local", { kind: "form", fields: ["name", "phone", "time"], purpose: say("callback"), policy_version: "contact-1", state: "" });
      panel.draw();
    },
    lead: (item, fields, share) => {
      item.clientId = newId();
      Object.assign(item, { state: "saving", fault: "" });
      link.post({ type: "lead", client_id: item.clientId, fields, consent: { granted: true, share, purpose: item.purpose, policy_version: item.policy_version } });
      panel.draw();
    },
    decline: (item) => {
      item.state = "declined";
      link.post({ type: "lead", client_id: newId(), fields: {}, consent: { granted: false, purpose: item.purpose, policy_version: item.policy_version } });
      panel.draw();
      panel.focus();
    },
  });
  const t = panel.transcript;
  const link = new Link(url, memory, language, { frame: heard, state: changed });
  for (const { frame } of link.outbox) if (frame.type === "message") t.mine(frame.client_id, frame.text, "sent");

  function heard(frame) {
    const forms = () => [...panel.forms.values(), ...t.logged.values()].filter((one) => one.kind === "form" && one.clientId === frame.client_id && frame.client_id);
    const history = frame.seq && frame.seq <= panel.replayed;
    if (frame.type === "lead_saved") forms().forEach((one) => { one.state = "saved"; });
    if (frame.type === "error") forms().forEach((one) => Object.assign(one, frame.retry_after_ms ? {} : { state: "", fault: frame.message, field: frame.field }));
    if (frame.type === "error" && frame.client_id && frame.code === "rate_limited") setTimeout(() => panel.draw(), frame.retry_after_ms);
    t.take(frame);
    if (frame.type === "lead_saved") for (const [key, one] of panel.forms) if (one.clientId === frame.client_id) panel.forms.delete(key);
    if (frame.type === "typing" && frame.on && t.handoff.state === "human") { // a colleague who stops writes nothing
      clearTimeout(panel.typist);
      panel.typist = setTimeout(() => { t.typing = false; panel.draw(); }, 6000);
    }
    if (frame.type === "welcome") {
      panel.replayed = frame.seq;
      panel.setShop(frame);
      if (!page && frame.fresh) panel.heard(frame.ai_notice);
    }
    if (frame.type === "delta" && t.open) {
      panel.pace.to(frame.seq, t.open.text);
      panel.heard(frame.text);
      spoken = frame.seq;
    }
    if (frame.type === "message" && frame.role !== "visitor" && !history) {
      if (panel.pace.has(frame.seq)) panel.pace.to(frame.seq, frame.text);
      if (spoken !== frame.seq) panel.heard(frame.text);
      if (panel.element.hidden) count(unread + 1);
    }
    if (frame.type === "handoff" && !history) panel.heard(say("h_" + frame.state, { who: frame.name || say("h_someone") }));
    panel.draw();
    requestAnimationFrame(() => { panel.settled = true; });
  }

  function changed(state) {
    panel.link = state;
    if (state.kind === "waiting" && state.attempt === 1) panel.heard(say("offline"));
    if (state.kind === "ended") panel.end(state);
    panel.draw();
  }

  // -- the launcher ---------------------------------------------------------------------------------------------
  const badge = el("b.num", { hidden: true });
  const bubble = el("button.zg-bubble", { type: "button", "aria-label": say("openChat"), "aria-expanded": "false", click: () => show(true) }, icon("chat"), badge);
  const teaser = el("div.zg-tease", { hidden: true },
    el("button.zg-x", { type: "button", "aria-label": say("noTease"), click: () => { teaser.hidden = true; memory.set({ teased: true }); } }, icon("close", "xs")),
    el("button.zg-say", { type: "button", click: () => show(true) }, tease || say("tease")));
  const launcher = el("div.zg-launch", { hidden: page }, teaser, bubble);

  function count(number) {
    unread = number;
    badge.hidden = !number;
    badge.textContent = number > 99 ? "99+" : number;
    bubble.setAttribute("aria-label", say("openChat") + (number ? say("unread", { n: number }) : ""));
  }

  function show(open) {
    if (page) return;
    panel.element.hidden = !open;
    launcher.hidden = open;
    bubble.setAttribute("aria-expanded", String(open));
    const modal = open && matchMedia("(max-width: 600px)").matches;
    if (modal) panel.element.setAttribute("aria-modal", "true"); else panel.element.removeAttribute("aria-modal");
    const { style } = document.documentElement;
    if (modal) { overflow = style.overflow; style.overflow = "hidden"; } else if (overflow !== null) { style.overflow = overflow; overflow = null; }
    if (open) {
      memory.set({ teased: true });
      teaser.hidden = true;
      count(0);
      link.open();
      panel.draw();
      panel.focus();
    } else bubble.focus();
  }

  panel.element.addEventListener("keydown", (event) => {
    if (page && event.key === "Escape" && !event.isComposing && parent !== window) parent.postMessage("zg:close", "*");
    if (page) return;
    if (event.key === "Escape" && !event.isComposing) { event.stopPropagation(); show(false); }
    if (event.key === "Tab" && panel.element.hasAttribute("aria-modal")) {
      const stops = [...panel.element.querySelectorAll("button, textarea, input, [tabindex]")].filter((one) => !one.disabled && one.getClientRects().length);
      const edge = event.shiftKey ? stops[0] : stops[stops.length - 1];
      if (root.activeElement === edge) { event.preventDefault(); (event.shiftKey ? stops[stops.length - 1] : stops[0]).focus(); }
    }
  });

  root.append(launcher);
  (document.body || document.documentElement).append(host);
  if (page) {
    link.open();
    const asked = new URLSearchParams(location.search).get("ask");
    if (asked) panel.composer.fill(asked.slice(0, 200));
    if (matchMedia("(pointer: fine)").matches) panel.focus();
  } else {
    if (!memory.get().teased) setTimeout(() => { teaser.hidden = launcher.hidden || Boolean(memory.get().teased); }, 20000);
  }
  window.zhanggui = Object.freeze({ open: () => show(true), close: () => show(false), ask: (text) => { show(true); panel.composer.submit(String(text)); } });
}

const tag = document.currentScript;
if (document.body || (tag && tag.defer)) start(tag);
else addEventListener("DOMContentLoaded", () => start(tag));
