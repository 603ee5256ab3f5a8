// Emit an event to Durian with amqp091-go: BROKER_URL=amqp://... go run emit.go
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"os"

	amqp "github.com/rabbitmq/amqp091-go"
)

func main() {
	connection, err := amqp.Dial(os.Getenv("BROKER_URL"))
	check(err)
	defer connection.Close()
	channel, err := connection.Channel()
	check(err)
	check(channel.Confirm(false))
	returns := channel.NotifyReturn(make(chan amqp.Return, 1)) // no queue took it

	id := rand.Text()
	confirm, err := channel.PublishWithDeferredConfirm("durian.events", "order.paid", true, false, amqp.Publishing{
		ContentType:  "application/json",
		DeliveryMode: amqp.Persistent,
		Headers: amqp.Table{
			"ce-specversion": "1.0", "ce-id": id, "ce-source": "/shop", "ce-type": "order.paid",
		},
		Body: []byte(`{"order": 17}`),
	})
	check(err)
	acked, err := confirm.WaitContext(context.Background())
	check(err)
	if !acked || len(returns) > 0 {
		log.Fatal("RabbitMQ has not taken the event")
	}
	fmt.Println(id)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
