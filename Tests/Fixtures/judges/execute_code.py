"""Runs code in a kernel with Jupyter's own client, and prints what the code prints.

    python3 execute_code.py CONNECTION_FILE CODE
"""
import sys

from jupyter_client import BlockingKernelClient

client = BlockingKernelClient()
client.load_connection_file(sys.argv[1])
client.start_channels()
client.wait_for_ready(timeout=120)
reply = client.execute_interactive(sys.argv[2], timeout=120)
client.stop_channels()
sys.exit(reply["content"]["status"] != "ok")
