// Verifies messages with an official library: one JSON object a line in, one word a line out.
const { createInterface } = require("node:readline");

// By import, because a library may be a module that older versions of Node.js cannot require.
import(require.resolve(process.argv[2])).then(({ Webhook }) => {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const { secret, headers, body } = JSON.parse(line);
    try {
      new Webhook(secret).verify(Buffer.from(body, "base64").toString("utf-8"), headers);
      console.log("accepted");
    } catch (error) {
      console.log("refused");
    }
  });
});
