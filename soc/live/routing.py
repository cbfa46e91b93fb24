"""The one address of sockets."""

from django.urls import path

from soc.live.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]
