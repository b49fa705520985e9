// How fast answers appear: text comes at a reading pace, at once for those who want no motion.
class Pace {
  constructor() {
    this.shown = new Map();     // seq → {done, goal, at}: characters shown, of how many, since when
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
  }

  busy() { return [...this.shown.values()].some((one) => one.done < one.goal); }

  has(seq) { return this.shown.has(seq); }

  to(seq, text) {
    const goal = [...text].length;
    const one = this.shown.get(seq) || { done: 0, at: performance.now() };
    if (one.done >= (one.goal || 0)) one.at = performance.now();
    this.shown.set(seq, { ...one, goal });
  }

  // The part of the text that is shown so far; null when it is all.
  part(seq, text) {
    const one = this.shown.get(seq);
    return one && one.done < one.goal ? [...text].slice(0, Math.floor(one.done)).join("") : null;
  }

  // Goes on to now: which answers have grown, and whether another has yet to gain a whole character.
  step() {
    const now = performance.now();
    const grown = [];
    let due = false;
    for (const [seq, one] of this.shown) {
      const left = one.goal - one.done;
      if (left <= 0) continue;
      const step = this.calm.matches || document.hidden ? left : ((now - one.at) / 1000) * Math.max(45, left / 0.7);
      if (step < 1) { due = true; continue; }
      one.done = Math.min(one.goal, one.done + step);
      one.at = now;
      grown.push(seq);
    }
    return { grown, due };
  }
}
