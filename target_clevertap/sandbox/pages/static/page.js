// Fetches the page again when the sandbox says that something has changed. Nothing else needs it.
"use strict";

(() => {
  const SOON = 1000; // milliseconds between two questions while things change
  const LATER = 3000; // and while nothing does
  const state = document.getElementById("live-state");
  let version = document.body.dataset.version;
  let timer = 0;

  const say = (text, reachable) => {
    state.hidden = false;
    state.classList.toggle("off", !reachable);
    if (state.textContent !== text) state.textContent = text;
  };

  // What has the focus now, and which part of the next page that will be.
  const focused = (live) => {
    const at = document.activeElement;
    if (!at || !live.contains(at)) return null;
    if (at.id) return "#" + CSS.escape(at.id);
    if (at.tagName === "SUMMARY") return "#" + CSS.escape(at.parentElement.id) + " > summary";
    return at.tagName === "A" ? 'a[href="' + CSS.escape(at.getAttribute("href")) + '"]' : null;
  };

  const replace = (html) => {
    const next = new DOMParser().parseFromString(html, "text/html");
    const fresh = next.getElementById("live");
    const live = document.getElementById("live");
    if (!fresh) return;
    for (const was of live.querySelectorAll("details[id]")) {
      const will = fresh.querySelector("#" + CSS.escape(was.id));
      if (will) will.open = was.open;
    }
    const focus = focused(live);
    const [left, top] = [window.scrollX, window.scrollY];
    live.replaceChildren(...document.importNode(fresh, true).childNodes);
    window.scrollTo(left, top);
    if (focus) live.querySelector(focus)?.focus({ preventScroll: true });
    document.title = next.title;
  };

  const text = async (address) => {
    const answer = await fetch(address, { cache: "no-store" });
    return answer.text();
  };

  // Someone who marks text to copy it is not to lose it.
  const marking = () => {
    const selection = window.getSelection();
    return !selection.isCollapsed && document.getElementById("live").contains(selection.anchorNode);
  };

  const look = async () => {
    let pause = LATER;
    try {
      const now = await text("/_sandbox/pages/version");
      say("Live", true);
      if (now !== version && !marking()) {
        replace(await text(window.location.href));
        version = now;
        pause = SOON;
      }
    } catch {
      say("The sandbox does not answer", false);
    }
    wait(pause);
  };

  const wait = (pause) => {
    window.clearTimeout(timer);
    if (!document.hidden) timer = window.setTimeout(look, pause);
  };

  document.addEventListener("visibilitychange", () => wait(0));
  wait(SOON);
})();
