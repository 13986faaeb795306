"""Sends what the outbox holds, and a sign of life every 30 seconds."""

import json
import logging
import threading
import time

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from configuration import Configuration
from contract import demand_writable
from events import headers_of
from store import Store

log = logging.getLogger("sender")

HEARTBEAT_SECONDS = 30
BATCH = 100
PARTITIONS = 12
PATIENCE_SECONDS = 10


def run_sender(settings: Configuration, stopping: threading.Event) -> None:
    """Until it is told to stop. What was not acknowledged by the broker stays in the outbox and is sent again."""
    store = Store(settings.state_file)
    producer = Producer(
        {
            **settings.kafka,
            "enable.idempotence": True,
            "acks": "all",
            "message.timeout.ms": PATIENCE_SECONDS * 1000,
            "linger.ms": 5,
        }
    )
    admin = AdminClient(settings.kafka)
    next_heartbeat = 0.0
    while not stopping.is_set():
        if time.monotonic() >= next_heartbeat:
            make_own_topic(admin, settings)
            beat(producer, settings)
            next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        producer.poll(0)
        if not send_batch(producer, settings, store):
            stopping.wait(0.1)
    producer.flush(5)


def send_batch(producer: Producer, settings: Configuration, store: Store) -> bool:
    """False when there was nothing, or nothing could be sent."""
    rows = store.db.execute("SELECT * FROM outbox ORDER BY id LIMIT ?", (BATCH,)).fetchall()
    sent: list[int] = []

    def delivered(row_id: int, error: object) -> None:
        if error is None:
            sent.append(row_id)
        else:
            log.warning("an answer could not be sent: %s", error)

    for row in rows:
        # The key is the tenant, so that its answers stay in order.
        producer.produce(
            settings.own_topic,
            key=row["subject"],
            value=row["payload"],
            headers=list(json.loads(row["headers"]).items()),
            on_delivery=lambda error, _message, row_id=row["id"]: delivered(row_id, error),
        )
    producer.flush(PATIENCE_SECONDS + 5)
    if sent:
        with store.transaction() as db:
            db.executemany("DELETE FROM outbox WHERE id = ?", [(row_id,) for row_id in sent])
    return bool(sent)


def beat(producer: Producer, settings: Configuration) -> None:
    """Says what can be asked of us; the first time this registers us. Not stored: an old sign of life is none."""
    payload = {
        "participant": settings.participant,
        "capabilities": ["provision", "suspend", "reactivate", "purge"],
        "stores": ["primary"],
        "version": "1.0.0",
    }
    demand_writable("participant.heartbeat.v1", payload)
    headers = headers_of("participant.heartbeat.v1", settings.participant, settings.participant)
    producer.produce(
        settings.own_topic,
        key=settings.participant,
        value=json.dumps(payload),
        headers=list(headers.items()),
    )


def make_own_topic(admin: AdminClient, settings: Configuration) -> None:
    """
    The control plane makes the topic of a participant that is declared; one that is not makes its own, by which the control plane
    finds it. Where the broker does not let us, somebody else has to.
    """
    topic = NewTopic(settings.own_topic, num_partitions=PARTITIONS, config={"cleanup.policy": "delete"})
    for made in admin.create_topics([topic], request_timeout=PATIENCE_SECONDS).values():
        try:
            made.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                log.info("the topic was not made: %s", error.args[0].str())
