import { element, openStream, send, showProblem } from "./shared/stream.js";

const [who, text, list, badge] = ["#me", "#text", "#list", "#badge"].map((name) => document.querySelector(name));
who.value = new URLSearchParams(location.search).get("me");
const me = (who.value ||= "alice");
who.onchange = () => (location.search = `?me=${who.value}`);

function show(isRead = () => false) {
  for (const item of list.children) if (isRead(item.id)) item.firstChild.className = item.firstChild.textContent = "";
  const unread = list.querySelectorAll(".badge").length;
  badge.textContent = unread || "";
  document.title = unread ? `(${unread}) Notifications` : "Notifications";
}

// An id is `epoch-n`. After a restart of the server the epoch is another one, and n goes on.
const numberIn = (id) => Number(id.split("-").pop());
// `inbox-0` asks for all from the beginning: a page that is loaded again has what it had. openStream() comes back after
// a cut, a 502 and the laptop's sleep, and says the last id that it has: what came meanwhile follows.
openStream(`events/${me}?lastEventId=inbox-0`, {
  mention(event, { from, text }) {
    list.prepend(element("li", "", element("span", "new"), ` ${from}: ${text}`));
    list.firstChild.firstChild.className = "badge";
    list.firstChild.id = event.lastEventId;
    show();
  },
  // What was read in one tab is read in all: the server tells each of them, also the one that has asked.
  read: (event, { up_to }) => show((id) => numberIn(id) <= numberIn(up_to)),
  // We were away for longer than the log reaches back. All that is left follows.
  gap: () => show(list.replaceChildren()),
});

const ask = (path, values) => send(path, { me, ...values }).then(() => showProblem(""));
document.querySelector("#post").onsubmit = (event) => {
  event.preventDefault();
  ask("post", { text: text.value }).then(() => (text.value = ""), showProblem); // refused: it stays in its place
};
document.querySelector("#read").onclick = () =>
  list.firstChild && ask("read", { up_to: list.firstChild.id }).catch(showProblem);
