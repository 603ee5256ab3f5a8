// Verify a webhook of Durian in Node.js, with nothing installed. Standard input is the raw body.
// WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP and WEBHOOK_SIGNATURE stand for your configuration
// and the request's headers. Exits 0 when the webhook is genuine.
const { createHmac, timingSafeEqual } = require("node:crypto");

function verify(secret, id, timestamp, signatures, body, now = Date.now() / 1000) {
  if (!(Math.abs(now - Number(timestamp)) <= 300)) return false; // too old, or from the future
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(" ").some((signature) => {
    const [version, value] = signature.split(",");
    const given = Buffer.from(value ?? "", "base64");
    return version === "v1" && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

const { WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE } = process.env;
const body = require("node:fs").readFileSync(0);
const genuine = verify(WEBHOOK_SECRET, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE, body);
process.exit(genuine ? 0 : 1);
