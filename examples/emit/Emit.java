// Emit an event to Durian with RabbitMQ's Java client (Java 17, Maven for the two jars):
//   mvn dependency:copy-dependencies -DoutputDirectory=jars
//   BROKER_URL=amqp://... java -cp 'jars/*' Emit.java
import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

public class Emit {
    public static void main(String[] args) throws Exception {
        String id = UUID.randomUUID().toString();
        Map<String, Object> headers = Map.of(
            "ce-specversion", "1.0", "ce-id", id, "ce-source", "/shop", "ce-type", "order.paid");
        AMQP.BasicProperties properties = new AMQP.BasicProperties.Builder()
            .contentType("application/json").deliveryMode(2).headers(headers).build();

        ConnectionFactory factory = new ConnectionFactory();
        factory.setUri(System.getenv("BROKER_URL"));
        try (Connection connection = factory.newConnection(); Channel channel = connection.createChannel()) {
            AtomicBoolean returned = new AtomicBoolean(); // no queue took it
            channel.addReturnListener(message -> returned.set(true));
            channel.confirmSelect();
            byte[] body = "{\"order\": 17}".getBytes(StandardCharsets.UTF_8);
            channel.basicPublish("durian.events", "order.paid", true, properties, body);
            channel.waitForConfirmsOrDie(15_000); // RabbitMQ has it on disk, or this throws
            if (returned.get()) throw new IllegalStateException("no queue took the event");
        }
        System.out.println(id);
    }
}
