"""The configuration of a JupyterHub for tests: any user signs in, and servers run as this user.

The environment has HUB_FOLDER, and HUB_PORTS with three ports that commas separate. With HUB_FAILS, no server starts; with
HUB_DELAY, each takes so many seconds more.
"""

import asyncio
import os
import sys

from jupyterhub.spawner import SimpleLocalProcessSpawner

folder = os.environ["HUB_FOLDER"]
ports = os.environ["HUB_PORTS"].split(",")


class TestSpawner(SimpleLocalProcessSpawner):
    async def start(self):
        if os.environ.get("HUB_FAILS"):
            raise RuntimeError("no machine is free")
        for _ in range(int(os.environ.get("HUB_DELAY", "0"))):
            await asyncio.sleep(1)
        return await super().start()

    async def progress(self):
        yield {"progress": 10, "message": "Looking for a machine"}
        yield {"progress": 50, "message": "Found a machine"}


c = get_config()  # noqa: F821
c.JupyterHub.bind_url = f"http://127.0.0.1:{ports[0]}/"
c.JupyterHub.hub_port = int(ports[1])
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports[2]}"
c.ConfigurableHTTPProxy.command = [os.path.join(os.path.dirname(sys.executable), "configurable-http-proxy")]
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
# Makes the account.
c.Authenticator.allowed_users = {"ann"}
c.JupyterHub.spawner_class = TestSpawner
c.JupyterHub.allow_named_servers = True
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie_secret"
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 1}
c.Spawner.args = ["--allow-root"]
c.Spawner.notebook_dir = folder
c.Spawner.cmd = [os.path.join(os.path.dirname(sys.executable), "jupyterhub-singleuser")]
