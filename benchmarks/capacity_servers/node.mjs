// The same on Node's own http module, as its tutorials write it. See loop.c for what is said to it.
import http from "node:http";
import readline from "node:readline";

const readers = new Set();
let number = 0;

const server = http.createServer((request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" });
  response.write(": open\n\n");
  readers.add(response);
  response.on("close", () => readers.delete(response));
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(server.address().port));

const nowMs = () => Number(process.hrtime.bigint()) / 1e6; // CLOCK_MONOTONIC, as the readers have it

function publish(size) {
  number += 1;
  const data = `${nowMs().toFixed(3)} `.padEnd(size, "x");
  const frame = Buffer.from(`id: e-${number}\ndata: ${data}\n\n`);
  for (const response of readers) response.write(frame);
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [events, perS, size] = line.split(" ").map(Number);
  const startMs = nowMs();
  const next = (n) => {
    if (n === events) return console.log("done");
    setTimeout(() => { publish(size); next(n + 1); }, Math.max(0, startMs + (n * 1000) / perS - nowMs()));
  };
  next(0);
}).on("close", () => process.exit(0));
