"""A bureau's list brought to the gateway over HTTP, and taken over."""

from __future__ import annotations

import asyncio

API = "/api/v1"
HEAD = "学校标识码,学校名称,学校类型,区县,在校生数,寄宿生数,重点目标\n"
NO3 = "no3,第三中学,完全中学,东区,900,30,是\n"
NO9 = "no9,第九小学,小学,东区,300,0,否\n"
NO5 = "no5,第五中学,完全中学,市,700,0,否\n"


async def begun(client, text: str | bytes, file: str = "list.csv") -> dict:
    """A list that was brought, once it has been read."""
    raw = text.encode() if isinstance(text, str) else text
    answer = await client.post(f"{API}/roster/imports", params={"file": file}, content=raw)
    assert answer.status_code == 201, answer.text
    return await over(client, answer.json()["id"], "reading")


async def over(client, name: str, *states: str) -> dict:
    async with asyncio.timeout(20):
        while True:
            run = (await client.get(f"{API}/roster/imports/{name}")).json()
            if run["state"] not in states:
                return run
            await asyncio.sleep(0.01)


async def taken(client, run: dict, **more: object):
    body = {"digest": run["preview"]["digest"], **more}
    return await client.post(f"{API}/roster/imports/{run['id']}/apply", json=body)


async def enlisted(door, *rows: str) -> None:
    ada = await door.as_("ada")
    run = await begun(ada, HEAD + "".join(rows))
    answer = await taken(ada, run)
    assert answer.status_code == 200, answer.text
    run = await over(ada, run["id"], "writing")
    assert (run["state"], run["written"]) == ("done", len(rows)), run
    await door.app.state.services.register.refresh()
    door.app.state.services.doorkeeper.forget_all()
