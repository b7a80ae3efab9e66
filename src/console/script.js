// Two conveniences: copying, and new turns as they come. Every page works without it.
"use strict";

// A button with data-copy copies the text of the element of that id. It is hidden until a script can do it.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
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
}

// Times are written for Korea; here they become those of the browser.
function localTimes(within) {
  for (const time of within.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const two = (number) => String(number).padStart(2, "0");
    time.title = at.toLocaleString(document.documentElement.lang);
    time.textContent = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  }
}
localTimes(document);

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
      const reply = await fetch(address, { headers: { accept: "text/html" } });
      if (reply.status === 401) { window.location.reload(); return; }
      if (!reply.ok) throw new Error(String(reply.status));
      const page = new DOMParser().parseFromString(await reply.text(), "text/html");
      const came = page.querySelector("ol");
      if (came) {
        list.dataset.newest = came.dataset.newest;
        localTimes(came);
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
