"""What the bell remembers."""

from soc.live.models.topic_count import TopicCount

__all__ = ["TopicCount"]
