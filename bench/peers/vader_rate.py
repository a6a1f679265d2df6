"""The Python reference over the same texts: python3 vader_rate.py TEXTS.json

Prints one JSON line with its versions when it is ready. Then, for every line on standard input, it analyses all texts
once and prints the seconds that took.
"""

import json
import platform
import sys
import time
from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

with open(sys.argv[1], encoding="utf-8") as file:
    texts = json.load(file)
analyzer = SentimentIntensityAnalyzer()
print(json.dumps({"python": platform.python_version(), "package": version("vaderSentiment")}), flush=True)

for _ in sys.stdin:
    started = time.perf_counter()
    for text in texts:
        analyzer.polarity_scores(text)
    print(time.perf_counter() - started, flush=True)
