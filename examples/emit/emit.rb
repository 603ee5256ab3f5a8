# Emit an event to Durian with Bunny: `gem install bunny`, BROKER_URL=amqp://... ruby emit.rb
require "bunny"
require "json"
require "securerandom"

id = SecureRandom.uuid
headers = { "ce-specversion" => "1.0", "ce-id" => id, "ce-source" => "/shop", "ce-type" => "order.paid" }

connection = Bunny.new(ENV.fetch("BROKER_URL")).start
channel = connection.create_channel
channel.confirm_select
exchange = channel.topic("durian.events", durable: true, passive: true)
returned = false
exchange.on_return { returned = true } # no queue took it
exchange.publish(JSON.generate(order: 17), routing_key: "order.paid", persistent: true,
                 mandatory: true, content_type: "application/json", headers: headers)
abort "RabbitMQ has not taken the event" unless channel.wait_for_confirms && !returned
connection.close
puts id
