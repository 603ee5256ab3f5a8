// Emit an event to Durian with amqplib: `npm install amqplib`, BROKER_URL=amqp://... node emit.js
const { randomUUID } = require("node:crypto");
const amqplib = require("amqplib");

async function main() {
  const id = randomUUID();
  const headers = { "ce-specversion": "1.0", "ce-id": id, "ce-source": "/shop", "ce-type": "order.paid" };
  const options = { contentType: "application/json", headers, persistent: true, mandatory: true };

  const connection = await amqplib.connect(process.env.BROKER_URL);
  const channel = await connection.createConfirmChannel();
  const returned = [];
  channel.on("return", (message) => returned.push(message)); // no queue took it
  channel.publish("durian.events", "order.paid", Buffer.from('{"order": 17}'), options);
  await channel.waitForConfirms(); // RabbitMQ has it on disk, or this throws
  if (returned.length) throw new Error("no queue took the event");
  await connection.close();
  console.log(id);
}

main().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
