// Where the visitor writes: grows with the text, counts what is left near the limit, sends on Enter.
class Composer {
  // on: say(text), typing()
  constructor(say, on) {
    Object.assign(this, { say, on, limit: 2000 });
    this.input = el("textarea.input.grow", { rows: "1", "aria-label": say("input"), placeholder: say("ask"), enterkeyhint: "send", input: () => this.typed(), keydown: (e) => this.key(e) });
    this.counter = el("p.hint.zg-count", { hidden: true, "aria-live": "polite" });
    this.send = el("button.sendbtn", { type: "submit", "aria-label": say("send"), disabled: true }, icon("send"));
    this.form = el("form.composer", { submit: (e) => { e.preventDefault(); this.submit(); } }, this.input, this.send);
  }

  focus() { this.input.focus({ preventScroll: true }); }

  fill(text) {
    this.input.value = text;
    this.typed();
  }

  key(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      event.preventDefault();
      this.submit();
    }
  }

  typed() {
    const { input } = this;
    input.style.height = "auto";
    input.style.height = Math.min(input.scrollHeight, 120) + "px";
    const left = this.limit - [...input.value].length;
    this.counter.hidden = left > 200;
    this.counter.classList.toggle("bad", left < 0);
    this.counter.textContent = left > 200 ? "" : left < 0 ? this.say("over", { n: -left }) : this.say("left", { n: left });
    this.send.disabled = !input.value.trim() || left < 0;
    this.on.typing();
  }

  submit(text = this.input.value) {
    const trimmed = text.trim();
    if (!trimmed || [...trimmed].length > this.limit) return;
    if (text === this.input.value) this.fill("");
    this.on.say(trimmed);
  }
}
