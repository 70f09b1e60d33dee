import { element, send, showProblem, showState } from "./shared/stream.js";

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

const source = new EventSource(`events/${me}`);
source.onopen = () => showState("open");
source.onerror = () => showState("connecting");
source.addEventListener("mention", (event) => {
  const { from, text } = JSON.parse(event.data);
  list.prepend(element("li", "", element("span", "new"), ` ${from}: ${text}`));
  list.firstChild.firstChild.className = "badge";
  show();
});

const ask = (path, values) => send(path, { me, ...values }).then(() => showProblem(""));
document.querySelector("#post").onsubmit = (event) => {
  event.preventDefault();
  ask("post", { text: text.value });
  text.value = "";
};
document.querySelector("#read").onclick = () => show(() => true);
