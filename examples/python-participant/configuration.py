"""Where Kafka is and who we are, by the same variables as Tenantry's own services have."""

import os
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Configuration:
    participant: str
    topic_prefix: str
    state_file: str
    kafka: dict[str, str] = field(default_factory=dict)

    @property
    def lifecycle_topic(self) -> str:
        return f"{self.topic_prefix}.tenant.lifecycle.v1"

    @property
    def own_topic(self) -> str:
        """The one topic that we may write to: the topic, and not a field, says who speaks."""
        return f"{self.topic_prefix}.acknowledgements.v1.{self.participant}"


# Name of the variable, and of librdkafka's setting.
SECURITY = {
    "KAFKA_SASL_MECHANISM": "sasl.mechanism",
    "KAFKA_SASL_USERNAME": "sasl.username",
    "KAFKA_SASL_PASSWORD": "sasl.password",
    "KAFKA_TLS_CA_FILE": "ssl.ca.location",
    "KAFKA_TLS_CERT_FILE": "ssl.certificate.location",
    "KAFKA_TLS_KEY_FILE": "ssl.key.location",
}


def configuration() -> Configuration:
    """Raises KeyError naming a variable that is missing."""
    kafka = {"bootstrap.servers": os.environ["KAFKA_BROKERS"]}
    kafka |= {setting: os.environ[name] for name, setting in SECURITY.items() if os.environ.get(name)}
    with_tls = os.environ.get("KAFKA_TLS") == "on" or any(name.startswith("ssl.") for name in kafka)
    with_sasl = "sasl.mechanism" in kafka
    if with_tls or with_sasl:
        kafka["security.protocol"] = ("SASL_" if with_sasl else "") + ("SSL" if with_tls else "PLAINTEXT")
    return Configuration(
        participant=os.environ["PARTICIPANT_NAME"],
        topic_prefix=os.environ.get("KAFKA_TOPIC_PREFIX") or "tenantry",
        state_file=os.environ["STATE_FILE"],
        kafka=kafka,
    )
