"""FastAPI on uvicorn, one worker, answering the same from memory: python3 fastapi_server.py ANSWERS.json

The models of the answers are made from the answers themselves, so that both sides always have the same shape. Prints
one JSON line with its versions and port when it listens, and ends when its standard input does.
"""

import importlib.util
import json
import platform
import socket
import sys
import threading
from importlib.metadata import version
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

Text = Annotated[str, Field(min_length=1, max_length=10_000)]
Horizon = Annotated[int, Field(ge=1, le=1_000_000)]
Moment = r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$"
Asset = r"^[A-Z0-9]{1,20}-[A-Z0-9]{1,20}$"


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Text | Annotated[list[Text], Field(min_length=1, max_length=64)] | None = None
    horizon_minutes: Horizon = 60
    asset: Annotated[str, Field(pattern=Asset)] | None = None


def kind_of(name, value):
    """The type that an answer's value has; what is null may be a number."""
    if isinstance(value, dict):
        fields = {key: (kind_of(f"{name}_{key}", inner), ...) for key, inner in value.items()}
        # Pydantic warns of fields named model_..., which the answers have.
        return create_model(name, __config__=ConfigDict(protected_namespaces=(), extra="forbid"), **fields)
    if isinstance(value, list):
        return list[kind_of(f"{name}_item", value[0])] if value else list
    return float | None if value is None else type(value)


with open(sys.argv[1], encoding="utf-8") as file:
    answers = json.load(file)
Signal = kind_of("Signal", answers["signal"])
PredictAnswer = kind_of("PredictAnswer", answers["predict"])
signal = Signal(**answers["signal"])
predicted = PredictAnswer(**answers["predict"])
app = FastAPI()


@app.get("/signal", response_model=Signal)
async def get_signal(
    horizon_minutes: Annotated[int, Query(ge=1, le=1_000_000)] = 60,
    asOf: Annotated[str | None, Query(pattern=Moment)] = None,
    asset: Annotated[str | None, Query(pattern=Asset)] = None,
):
    return signal


@app.post("/predict/vader", response_model=PredictAnswer)
async def post_predict(request: PredictRequest):
    return predicted


server = uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="warning", workers=1))


def end_with_input():
    sys.stdin.read()
    server.should_exit = True


# Named TCP, or asyncio does not know it for one and leaves Nagle's delay of 40 ms on.
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listening.bind(("127.0.0.1", 0))
listening.listen(2048)
threading.Thread(target=end_with_input, daemon=True).start()
packages = {name: version(name) for name in ("fastapi", "uvicorn", "pydantic")}
# uvicorn takes both when they are there; without them it runs on the standard library and h11.
extras = [name for name in ("uvloop", "httptools") if importlib.util.find_spec(name)]
facts = {"python": platform.python_version(), **packages, "extras": ", ".join(extras) or "none"}
print(json.dumps({**facts, "port": str(listening.getsockname()[1])}), flush=True)
server.run(sockets=[listening])
