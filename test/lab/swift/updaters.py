"""Swift's container and object updaters in one process: updaters.py CONTAINER-CONF OBJECT-CONF SECONDS

The daemons of Debian's packages fork for each partition (container) and each device (object) in every sweep, and each
fork adapts Python's library to eventlet anew, which takes seconds of CPU: more than one core all the time, on a lab
with twenty partitions. A sweep without forks takes none worth telling.
"""
import sys
import time

from swift.common.utils import readconf
import swift.container.updater as container
import swift.obj.updater as objects

container.eventlet_monkey_patch()
container.eventlet_monkey_patch = lambda: None

container_conf, object_conf, seconds = sys.argv[1:]
updaters = [
    container.ContainerUpdater(readconf(container_conf, "container-updater")),
    objects.ObjectUpdater(readconf(object_conf, "object-updater")),
]
while True:
    for updater in updaters:
        updater.run_once()
    time.sleep(float(seconds))
