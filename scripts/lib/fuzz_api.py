"""Schemathesis hooks for scripts/fuzz-api: authentication, existing ids, and well-formed values.

Generated values alone never pass a route's first check. So half of the path parameters become existing ids, and
most body fields get a well-formed value; the rest keeps its generated values.
"""

import os
import random
import uuid

import requests
import schemathesis

BASE = os.environ["FUZZ_URL"]
API = BASE + "/api/v1"
EMAIL = os.environ["FUZZ_EMAIL"]
PASSWORD = os.environ["FUZZ_PASSWORD"]
CHOICE = random.Random(int(os.environ["FUZZ_SEED"]))

# These routes end or replace the caller's login session. Each call of one uses a login of its own, and later
# calls use a new one.
ENDS_ITS_SESSION = {
    "/api/v1/auth/logout",
    "/api/v1/auth/logout-all",
    "/api/v1/auth/refresh",
    "/api/v1/me/deactivate",
}

# The evidence of a claim is a file of any bytes.
schemathesis.serializer.alias("application/pdf", "text/plain")

session = requests.Session()


def log_in():
    """Logs the administrator in, and returns the request headers."""
    answer = session.post(API + "/auth/token", json={"email": EMAIL, "password": PASSWORD})
    answer.raise_for_status()
    return {"Authorization": "Bearer " + answer.json()["access_token"]}


OWN = log_in()


def post(path, body):
    answer = session.post(API + path, json=body, headers=OWN)
    answer.raise_for_status()
    return answer.json()["uuid"]


def account(number):
    return {
        "email": f"stock{number}@example.com",
        "password": "correct horse battery " + str(number),
        "firstname": "Amina",
        "lastname": "Bello",
    }


PEOPLE = [post("/users", account(number)) for number in range(10)]
ROOM = post("/rooms", {"kind": "group", "name": "Set of 1998", "member_ids": PEOPLE[:5]})

# Well-formed values by field name.
WELL_FORMED = {
    "email": lambda: f"{uuid.UUID(int=CHOICE.getrandbits(128))}@example.com",
    "password": lambda: CHOICE.choice([PASSWORD, "a battery of correct horses"]),
    "firstname": lambda: "Musa",
    "middlename": lambda: "Danladi",
    "lastname": lambda: "Okafor",
    "phone": lambda: "+2348031234567",
    "name": lambda: CHOICE.choice(["samaru", "kongo_campus", "can_view_campus"]),
    "kind": lambda: CHOICE.choice(["direct", "group"]),
    "member_ids": lambda: CHOICE.sample(PEOPLE, CHOICE.choice([1, 1, 3])),
    "message": lambda: "Sannu!",
    "client_message_id": lambda: str(uuid.UUID(int=CHOICE.getrandbits(128))),
    "role": lambda: CHOICE.choice(["owner", "moderator", "member"]),
}


def existing(path, name):
    """Lists names or ids from the collection before the parameter `name` of `path`."""
    collection = path.split("{" + name + "}")[0].rstrip("/")
    answer = session.get(BASE + collection, headers=OWN, params={"limit": 50})
    if answer.status_code != 200:
        return []
    items = answer.json().get("items", [])
    keys = [name, "uuid", "name"]
    found = [next((item[key] for key in keys if key in item), None) for item in items]
    return [value for value in found if isinstance(value, str)]


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    if path in ENDS_ITS_SESSION and OWN.items() <= dict(case.headers or {}).items():
        case.headers.update(log_in())
    filled = path
    for name in list(case.path_parameters or {}):
        if CHOICE.random() < 0.5:
            there = existing(filled, name)
            if there:
                case.path_parameters[name] = CHOICE.choice(there)
        filled = filled.replace("{" + name + "}", str(case.path_parameters[name]))
    if isinstance(case.body, dict):
        for name in case.body:
            if name in WELL_FORMED and CHOICE.random() < 0.8:
                case.body[name] = WELL_FORMED[name]()


@schemathesis.hook
def after_call(context, case, response):
    if case.operation.path in ENDS_ITS_SESSION:
        OWN.update(log_in())


@schemathesis.auth()
class Administrator:
    def get(self, case, context):
        return OWN

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), **data}
