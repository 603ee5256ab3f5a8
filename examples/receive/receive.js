// Receive Durian's webhooks in Node.js, with nothing installed.
// WEBHOOK_SECRET=whsec_... PORT=9000 node receive.js
const { createHmac, timingSafeEqual } = require("node:crypto");
const { createServer } = require("node:http");

const key = Buffer.from(process.env.WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const handled = new Set(); // a service with several processes keeps these in its database, for some days

function verify(id, timestamp, signatures, body) {
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) <= 300)) return false; // too old, or from the future
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((signature) => {
    const [version, value] = signature.split(",");
    const given = Buffer.from(value ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks); // as it came: parsed and written again it has another signature
  const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures } = request.headers;
  if (!verify(id, timestamp, signatures ?? "", body)) return response.writeHead(401).end();
  if (!handled.has(id)) console.log(request.headers["ce-type"], body.toString());
  handled.add(id);
  response.writeHead(204).end();
});
server.listen(process.env.PORT, "127.0.0.1", () => console.log("listening"));
