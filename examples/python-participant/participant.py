"""
A participant in Tenantry's lifecycle, written from the contract alone: the service `notes`, whose data is an SQLite file.

Three threads that meet in the file alone, so that any of them can be killed at any instruction: this one reads Kafka and stores requests,
the worker carries them out, the sender sends the answers. See docs/write-a-participant.md.
"""

import logging
import os
import signal
import sys
import threading

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from configuration import Configuration, configuration
from events import read_event
from receive import receive
from sender import run_sender
from store import Store
from work import work_one

log = logging.getLogger("participant")

BATCH = 200
# Errors that mean "not yet" while the brokers or the topic are coming up.
PASSING = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT)


def run_consumer(settings: Configuration, stopping: threading.Event) -> None:
    store = Store(settings.state_file)
    consumer = Consumer(
        {
            **settings.kafka,
            "group.id": f"{settings.topic_prefix}.{settings.participant}",
            # A new group reads from the beginning: what was asked before it came is still asked.
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 10_000,
            # The topic is the control plane's to make; until it is there, look for it often.
            "topic.metadata.refresh.interval.ms": 5_000,
        }
    )
    consumer.subscribe([settings.lifecycle_topic])
    try:
        while not stopping.is_set():
            first = consumer.poll(0.2)
            if first is None:
                continue
            messages = [first, *consumer.consume(num_messages=BATCH, timeout=0)]
            read = [message for message in messages if not failed(message)]
            take_in(store, settings.participant, read)
            if read:
                commit(consumer)
    finally:
        consumer.close()


def take_in(store: Store, participant: str, messages: list[Message]) -> None:
    """Everything of the batch is stored before its offsets are committed: whatever dies in between is delivered again."""
    if not messages:
        return
    with store.transaction() as db:
        for message in messages:
            event = read_event(message.value(), message.headers())
            if event is None:
                log.warning("passed what is no event at offset %s", message.offset())
            else:
                receive(db, participant, event)


def failed(message: Message) -> bool:
    error = message.error()
    if error is None:
        return False
    if error.code() not in PASSING and not error.retriable():
        raise KafkaException(error)
    log.info("waiting for the lifecycle topic: %s", error.str())
    return True


def commit(consumer: Consumer) -> None:
    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:
        # As a rule the partitions have just gone to another process; then they are delivered there again, and nothing happens twice.
        log.info("offsets were not committed: %s", error.args[0].str())


def run_worker(settings: Configuration, stopping: threading.Event) -> None:
    store = Store(settings.state_file)
    while not stopping.is_set():
        if not work_one(store, settings.participant):
            stopping.wait(0.05)


def main() -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    settings = configuration()
    Store(settings.state_file)
    stopping = threading.Event()
    failures: list[BaseException] = []

    def guarded(run) -> None:
        # A part that cannot go on ends the process, so that whoever started it sees it and starts it again.
        try:
            run(settings, stopping)
        except BaseException as error:
            log.exception("it cannot go on")
            failures.append(error)
        finally:
            stopping.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    threads = [threading.Thread(target=guarded, args=[run]) for run in (run_worker, run_sender)]
    for thread in threads:
        thread.start()
    guarded(run_consumer)
    for thread in threads:
        thread.join()
    return 1 if failures else 0


if __name__ == "__main__":
    # What a database or a broker does while the interpreter goes down is nobody's business any more.
    status = main()
    logging.shutdown()
    os._exit(status)
