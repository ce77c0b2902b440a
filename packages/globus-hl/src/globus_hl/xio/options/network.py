"""The commands of the drivers that speak to a network: tcp, udp, udt, net_manager."""

from __future__ import annotations

from .kinds import BOOL, COUNT, INT, LINGER, RANGE, SIZE, TEXT
from .option import Option, Options, command

__all__ = ["NetManagerOptions", "TCPOptions", "UDPOptions", "UDTOptions"]

_PORT = "Port of a listener; 0: any."
_SERVICE = "Name of the service whose port a listener has; `port` counts if the name is not known."
_INTERFACE = "Host name or address of the network interface to use."
_RESTRICT = "Whether port ranges count, those of the environment too. Default: True."
_REUSE = "Whether a listener may take a port that is still in use by old connections."
_NO_IPV6 = "Whether IPv6 is left alone."


class TCPOptions(Options):
    """Commands of the driver tcp."""

    driver = "tcp"

    service = Option(TEXT, "TCP_*_SERVICE", _SERVICE)
    port = Option(COUNT, "TCP_*_PORT", _PORT)
    backlog = Option(
        INT, "TCP_*_BACKLOG", "Connections that wait to be accepted; -1: as many as the system lets."
    )
    listen_range = Option(
        RANGE,
        "TCP_*_LISTEN_RANGE",
        "Ports of a listener for which neither `port` nor `service` is set. Default: ``GLOBUS_TCP_PORT_RANGE``.",
    )
    descriptor = Option(
        INT,
        "TCP_*_HANDLE",
        "The socket's file descriptor; setting it uses a socket that is there, and closing leaves it open. -1: none.",
        on="attr handle server",
        set_on="attr",
    )
    interface = Option(TEXT, "TCP_*_INTERFACE", _INTERFACE)
    restrict_port = Option(BOOL, "TCP_*_RESTRICT_PORT", _RESTRICT)
    reuse_address = Option(BOOL, "TCP_*_REUSEADDR", _REUSE)
    no_ipv6 = Option(BOOL, "TCP_*_NO_IPV6", _NO_IPV6)
    connect_range = Option(
        RANGE,
        "TCP_*_CONNECT_RANGE",
        "Local ports of connections that are made. Default: ``GLOBUS_TCP_SOURCE_RANGE``.",
    )
    keepalive = Option(BOOL, "TCP_*_KEEPALIVE", "``SO_KEEPALIVE``.", on="attr handle")
    linger = Option(LINGER, "TCP_*_LINGER", "``SO_LINGER``.", on="attr handle")
    out_of_band_inline = Option(BOOL, "TCP_*_OOBINLINE", "``SO_OOBINLINE``.", on="attr handle")
    send_buffer = Option(SIZE, "TCP_*_SNDBUF", "``SO_SNDBUF``.", on="attr handle")
    receive_buffer = Option(SIZE, "TCP_*_RCVBUF", "``SO_RCVBUF``.", on="attr handle")
    nodelay = Option(
        BOOL, "TCP_*_NODELAY", "``TCP_NODELAY``: small writes are sent at once.", on="attr handle"
    )
    send_flags = Option(INT, "TCP_*_SEND_FLAGS", "Flags of one write, such as ``socket.MSG_OOB``.", on="dd")
    local_contact = Option(
        TEXT, "TCP_GET_LOCAL_CONTACT", "``host:port`` of this end, the host by name.", on="handle server"
    )
    local_numeric_contact = Option(
        TEXT, "TCP_GET_LOCAL_NUMERIC_CONTACT", "``address:port`` of this end.", on="handle server"
    )
    remote_contact = Option(
        TEXT, "TCP_GET_REMOTE_CONTACT", "``host:port`` of the other end, the host by name.", on="handle"
    )
    remote_numeric_contact = Option(
        TEXT, "TCP_GET_REMOTE_NUMERIC_CONTACT", "``address:port`` of the other end.", on="handle"
    )
    affect_defaults = Option(
        BOOL,
        "TCP_AFFECT_ATTR_DEFAULTS",
        "Whether what is set from now on becomes the default of the whole process.",
    )
    blocking_io = Option(
        BOOL,
        "TCP_*_BLOCKING_IO",
        "Whether blocking calls of the low level wait in the system call itself; they cannot be cancelled then.",
        on="attr handle",
    )


class UDPOptions(Options):
    """Commands of the driver udp."""

    driver = "udp"

    descriptor = Option(
        INT,
        "UDP_*_HANDLE",
        "The socket's file descriptor; setting it uses a socket that is there, and closing leaves it open. -1: none.",
        on="attr handle",
        set_on="attr",
    )
    service = Option(TEXT, "UDP_*_SERVICE", _SERVICE)
    port = Option(COUNT, "UDP_*_PORT", _PORT)
    listen_range = Option(
        RANGE,
        "UDP_*_LISTEN_RANGE",
        "Ports, where neither `port` nor `service` is set. Default: ``GLOBUS_UDP_PORT_RANGE``.",
    )
    interface = Option(TEXT, "UDP_*_INTERFACE", _INTERFACE)
    restrict_port = Option(BOOL, "UDP_*_RESTRICT_PORT", _RESTRICT)
    reuse_address = Option(BOOL, "UDP_*_REUSEADDR", _REUSE)
    no_ipv6 = Option(BOOL, "UDP_*_NO_IPV6", _NO_IPV6)
    send_buffer = Option(SIZE, "UDP_*_SNDBUF", "``SO_SNDBUF``.", on="attr handle")
    receive_buffer = Option(SIZE, "UDP_*_RCVBUF", "``SO_RCVBUF``.", on="attr handle")
    contact = Option(
        TEXT,
        "UDP_GET_CONTACT",
        "``host:port``: of the handle; of a data descriptor, who sent it.",
        on="handle dd",
    )
    numeric_contact = Option(
        TEXT, "UDP_GET_NUMERIC_CONTACT", "As `contact`, with the address.", on="handle dd"
    )
    receiver = Option(TEXT, "UDP_SET_CONTACT", "``host:port`` to send this one datagram to.", on="dd")
    multicast = Option(TEXT, "UDP_SET_MULTICAST", "``group:port`` of the multicast group to join.")

    @command("UDP_CONNECT")
    def connect(self, contact: str) -> None:
        """Send to, and receive from, ``host:port`` alone."""
        self._control("UDP_CONNECT", contact)


class UDTOptions(Options):
    """Commands of the driver udt, a transport on UDP for fast and long networks. The driver tells none of its values."""

    driver = "udt"

    segment_size = Option(SIZE, "UDT_MSS", "Largest packet.")
    send_blocks = Option(BOOL, "UDT_SNDSYN", "Whether UDT's own calls wait when sending.")
    receive_blocks = Option(BOOL, "UDT_RCVSYN", "Whether UDT's own calls wait when receiving.")
    window = Option(COUNT, "UDT_FC", "Packets that may be under way.")
    send_buffer = Option(SIZE, "UDT_SNDBUF", "Buffer of UDT for sending.")
    receive_buffer = Option(SIZE, "UDT_RCVBUF", "Buffer of UDT for receiving.")
    udp_send_buffer = Option(SIZE, "UDT_UDP_SNDBUF", "``SO_SNDBUF`` of the UDP socket.")
    udp_receive_buffer = Option(SIZE, "UDT_UDP_RCVBUF", "``SO_RCVBUF`` of the UDP socket.")
    rendezvous = Option(BOOL, "UDT_RENDEZVOUS", "Whether both ends connect, and none accepts.")
    send_timeout = Option(INT, "UDT_SNDTIMEO", "Milliseconds; -1: none.")
    receive_timeout = Option(INT, "UDT_RCVTIMEO", "Milliseconds; -1: none.")
    reuse_address = Option(BOOL, "UDT_REUSEADDR", _REUSE)
    local_port = Option(COUNT, "UDT_SET_LOCAL_PORT", "Port of the UDP socket.")
    descriptor = Option(INT, "UDT_SET_FD", "File descriptor of a UDP socket to use.")
    remote_candidates = Option(
        TEXT, "UDT_SET_REMOTE_CANDIDATES", "What the other end's `local_candidates` returned."
    )

    @command("UDT_LINGER", "attr")
    def linger(self) -> None:
        """Let closing wait until everything was sent."""
        self._control("UDT_LINGER")

    @command("UDT_GET_LOCAL_CANDIDATES", "attr")
    def local_candidates(self, controlling: bool, stun_servers: str = "") -> str:
        """Addresses under which this end may be reached (ICE); asks the STUN servers, so it may take long."""
        candidates: str = self._control("UDT_GET_LOCAL_CANDIDATES", int(controlling), stun_servers)
        return candidates


class NetManagerOptions(Options):
    """Commands of the driver net_manager, which tells a site's network manager about connections."""

    driver = "net_manager"

    task_id = Option(TEXT, "NET_MANAGER_*_TASK_ID", "What the network manager knows this task by.")
