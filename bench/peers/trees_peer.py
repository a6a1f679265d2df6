"""XGBoost on the very rows that ours learns from: python3 trees_peer.py

Prints one JSON line with its versions when it is ready. Then, for every JSON line on standard input, it does what that
says and answers with one JSON line:

    {"do": "train", "rows": FILE, "labels": FILE, "width": 15, "rounds": 300, "depth": 6, "bins": 255}
        -> {"cpuSeconds", "wallSeconds"}: from values in memory to a model, one thread
    {"do": "predict", "rows": FILE, "width": 15, "to": FILE}
        -> {}: probabilities of the last model as float32
    {"do": "row", "rows": FILE, "width": 15, "times": 2000}
        -> {"medianMicroseconds"}: one row at a time
"""

import json
import platform
import statistics
import sys
import time

import numpy as np
import xgboost as xgb


def rows_of(task):
    return np.fromfile(task["rows"], np.float32).reshape(-1, task["width"])


def train(task):
    values = rows_of(task)
    labels = np.fromfile(task["labels"], np.uint8)
    parameters = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": task["depth"],
        "max_bin": task["bins"],
        "eta": task["eta"],
        "nthread": 1,
        "verbosity": 0,
    }
    started, spent = time.perf_counter(), time.process_time()
    data = xgb.DMatrix(values, labels, nthread=1)
    model = xgb.train(parameters, data, task["rounds"])
    figures = {"cpuSeconds": time.process_time() - spent, "wallSeconds": time.perf_counter() - started}
    return model, figures


def row_by_row(model, task):
    values = rows_of(task)
    model.set_param({"nthread": 1})
    spent = []
    for place in range(task["times"]):
        row = values[place % len(values)].reshape(1, -1)
        started = time.perf_counter()
        model.inplace_predict(row)
        spent.append(time.perf_counter() - started)
    return {"medianMicroseconds": statistics.median(spent) * 1e6}


print(json.dumps({"python": platform.python_version(), "package": xgb.__version__}), flush=True)
latest = None
for line in sys.stdin:
    order = json.loads(line)
    answer = {}
    if order["do"] == "train":
        latest, answer = train(order)
    elif order["do"] == "predict":
        latest.inplace_predict(rows_of(order)).astype(np.float32).tofile(order["to"])
    else:
        answer = row_by_row(latest, order)
    print(json.dumps(answer), flush=True)
