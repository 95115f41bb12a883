"""Exceptions of a detection, which stand beside its document in `NAME.tuning.yaml`.

How other parts use them:

    tuning = read_tuning(path)                  # reading.py; TuningError says what is wrong in the file
    tuning = tuning_beside(document_path)       # the one beside a document, or None
    request = tuned(query_request(detection, now), tuning)   # applying.py: a request like any other
    session.run(request); session.plan(request); session.left_out(request)   # rows that each exception leaves out

An exception applies up to and with the day that it expires on, as of the request's `now` (the clock, where it has
none), so that a run of a past instant gives what it gave then. `run_detection(..., tuning=tuning)` runs so and counts.
"""
