// Verifies messages with an official library: one JSON object a line in, one word a line out.
const { Webhook } = require(process.argv[2]);

require("node:readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { secret, headers, body } = JSON.parse(line);
    try {
      new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf-8"), headers);
      console.log("accepted");
    } catch (error) {
      console.log("refused");
    }
  });
