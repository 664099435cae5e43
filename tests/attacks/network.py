"""Network: an attempt to reach somebody outside and to carry something there.

The listeners are the runner's own, on this machine; nothing is sent anywhere else.
"""

from autograder.attacks import Submission, attack


@attack(sample=True)
def tcp(s: Submission) -> None:
    """Sends its findings over TCP."""
    s.last("""
        import socket

        for host in ("127.0.0.1", "localhost", "0.0.0.0"):
            try:
                with socket.create_connection((host, {{tcp}}), timeout=2) as line:
                    line.sendall(b"{{marker}}")
            except OSError as error:
                print(error)
        """)


@attack()
def udp(s: Submission) -> None:
    """Sends its findings as datagrams, which need no connection."""
    s.last("""
        import socket

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            try:
                line.sendto(b"{{marker}}", ("127.0.0.1", {{udp}}))
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def sockets_in_folders(s: Submission) -> None:
    """Talks to services through sockets in the file system: a database's, a container daemon's."""
    s.last("""
        import glob
        import socket

        places = ["{{socket}}", "/var/run/docker.sock", "/run/dbus/system_bus_socket"]
        for place in [*places, *glob.glob("/tmp/**/*socket*", recursive=True)]:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                try:
                    line.connect(place)
                    if place == "{{socket}}":
                        line.sendall(b"{{marker}}")
                except OSError as error:
                    print(error)
        """)


@attack()
def abstract_sockets(s: Submission) -> None:
    """Talks to sockets without a file, which no mount namespace hides."""
    s.last("""
        import socket

        for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET, socket.SOCK_DGRAM):
            with socket.socket(socket.AF_UNIX, kind) as line:
                line.settimeout(2)
                try:
                    line.connect("\\0{{abstract}}")
                    line.sendall(b"{{marker}}")
                except OSError as error:
                    print(error)
        """)


@attack(forbidden=("open family",))
def other_families(s: Submission) -> None:
    """Opens sockets of families that a network namespace does not contain."""
    s.last("""
        import socket

        # A virtual machine's line to its host, and the kernel's cryptography.
        for name in ("AF_VSOCK", "AF_ALG", "AF_PACKET", "AF_BLUETOOTH", "AF_CAN", "AF_TIPC"):
            try:
                with socket.socket(getattr(socket, name), socket.SOCK_SEQPACKET):
                    print("open" + " family", name)
            except (OSError, AttributeError) as error:
                print(name, error)
            try:
                with socket.socket(getattr(socket, name), socket.SOCK_STREAM):
                    print("open" + " family", name)
            except (OSError, AttributeError) as error:
                print(name, error)
        """)


@attack()
def from_a_child(s: Submission) -> None:
    """Sends from another program, which no patched socket module stops."""
    s.last("""
        import subprocess
        import sys

        call = "socket.create_connection(('127.0.0.1', {{tcp}}), 2).sendall(b'{{marker}}')"
        code = f"import socket; {call}"
        subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, timeout=5)
        !curl -s -m 2 http://127.0.0.1:{{tcp}}/{{marker}}
        !bash -c 'echo {{marker}} > /dev/tcp/127.0.0.1/{{tcp}}'
        """)


@attack()
def in_hidden_calls(s: Submission) -> None:
    """Carries hidden inputs out of the function, over the web and by zmq."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    import urllib.request
    import zmq

    try:
        address = "http://127.0.0.1:{{tcp}}/{{marker}}?" + "x".join(map(str, image.shape))
        urllib.request.urlopen(address, timeout=0.3)
    except OSError:
        pass
    line = zmq.Context.instance().socket(zmq.PUSH)
    line.setsockopt(zmq.LINGER, 0)
    line.connect("tcp://127.0.0.1:{{tcp}}")
    line.send(b"{{marker}}", zmq.NOBLOCK) if line.poll(50, zmq.POLLOUT) else None
    line.close()
    padded = _pad""",
    )


@attack()
def late(s: Submission) -> None:
    """Leaves a process behind that goes on trying to get out."""
    s.last("""
        import os
        import subprocess
        import sys

        code = '''
import socket, time
for _ in range(200):
    try:
        socket.create_connection(("127.0.0.1", {{tcp}}), 1).sendall(b"{{marker}}")
    except OSError:
        pass
    time.sleep(0.1)
'''
        subprocess.Popen(
            ["setsid", sys.executable, "-S", "-c", code, "{{marker}}"], start_new_session=True
        )
        """)
