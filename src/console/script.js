// Conveniences: copying, and what is new as it comes. Every page works without it.
"use strict";

// A button with data-copy copies the text of the element of that id. It is hidden until a script can do it.
function showCopying(within) {
  for (const button of within.querySelectorAll("button[data-copy]")) button.hidden = false;
}
showCopying(document);
document.addEventListener("click", async (click) => {
  const button = click.target.closest("button[data-copy]");
  const source = button && document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = source.textContent.trim();
  let copied = false;
  try {
    await navigator.clipboard.writeText(text);
    copied = true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard: the text is selected and copied the old way.
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = window.getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    copied = document.execCommand("copy");
  }
  if (!copied) return;
  const before = button.textContent;
  button.textContent = button.dataset.done;
  window.setTimeout(() => { button.textContent = before; }, 2000);
});

// What is true for so many seconds only.
function letPass(within) {
  for (const passing of within.querySelectorAll("[data-gone-after]")) {
    window.setTimeout(() => { passing.hidden = true; }, passing.dataset.goneAfter * 1000);
  }
}
letPass(document);

// The page at an address; `null` where one has to sign in again.
async function pageAt(address) {
  const reply = await fetch(address, { headers: { accept: "text/html" } });
  if (reply.status === 401) { window.location.reload(); return null; }
  if (!reply.ok) throw new Error(String(reply.status));
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

// While something is under way main has data-again, in seconds: parts with data-renew are replaced, and nothing else, so that
// words being typed stay.
function renew(page) {
  showCopying(page);
  for (const old of document.querySelectorAll("[data-renew]")) {
    const came = page.getElementById(old.id);
    if (!came) continue;
    const opened = old.querySelectorAll("details");
    came.querySelectorAll("details").forEach((details, place) => { details.open = Boolean(opened[place]?.open); });
    if (old.isEqualNode(came)) continue;
    old.replaceWith(came);
    letPass(came);
  }
}
const main = document.getElementById("main");
const lookAgain = async () => {
  let again = main.dataset.again;
  try {
    if (document.visibilityState === "visible") {
      const page = await pageAt(main.dataset.againAt ?? window.location.href);
      if (!page) return;
      renew(page);
      again = page.getElementById("main")?.dataset.again;
    }
  } catch {
    // The bridge may be starting again: the next look tells.
  }
  if (again) window.setTimeout(lookAgain, again * 1000);
};
if (main.dataset.again) window.setTimeout(lookAgain, main.dataset.again * 1000);

// A list with data-poll is asked for what is newer, each second while the tab is seen.
const MOST = 200;
for (const list of document.querySelectorAll("ol[data-poll]")) {
  const state = document.getElementById(list.dataset.state);
  const empty = document.getElementById(list.dataset.empty);
  let busy = false;
  const show = (works) => {
    if (!state) return;
    state.hidden = false;
    state.classList.toggle("on", works);
    state.classList.toggle("off", !works);
    const words = works ? state.dataset.on : state.dataset.off;
    if (state.textContent !== words) state.textContent = words;
  };
  const ask = async () => {
    if (busy || document.visibilityState !== "visible") return;
    busy = true;
    try {
      const address = new URL(list.dataset.poll, window.location.href);
      address.searchParams.set("after", list.dataset.newest);
      const page = await pageAt(address);
      const came = page?.querySelector("ol");
      if (came) {
        list.dataset.newest = came.dataset.newest;
        list.prepend(...came.children);
        while (list.children.length > MOST) list.lastElementChild.remove();
        if (empty) empty.hidden = list.children.length > 0;
      }
      show(true);
    } catch {
      show(false);
    } finally {
      busy = false;
    }
  };
  window.setInterval(ask, 1000);
  document.addEventListener("visibilitychange", ask);
  ask();
}
