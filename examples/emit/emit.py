"""Emit an event to Durian with pika: `pip install pika`, BROKER_URL=amqp://... python emit.py."""

import json
import os
import uuid

import pika

event_id = str(uuid.uuid4())
headers = {
    "ce-specversion": "1.0",
    "ce-id": event_id,
    "ce-source": "/shop",
    "ce-type": "order.paid",
}
properties = pika.BasicProperties("application/json", headers=headers, delivery_mode=2)

connection = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_URL"]))
channel = connection.channel()
channel.confirm_delivery()  # from now on a publish raises unless RabbitMQ has it on disk
body = json.dumps({"order": 17})
channel.basic_publish("durian.events", "order.paid", body, properties, mandatory=True)
connection.close()
print(event_id)
