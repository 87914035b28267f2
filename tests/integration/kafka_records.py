"""Records as tests want them, timestamp, headers and nulls included: kcat cannot. Through librdkafka itself."""
import ctypes
import ctypes.util

TOPIC, PARTITION, VALUE, KEY, MSGFLAGS, TIMESTAMP, HEADER = 1, 3, 4, 5, 7, 8, 9  # rd_kafka_vtype_t
COPY, QUEUE_FULL = 2, -184


def library():
    lib = ctypes.CDLL(ctypes.util.find_library('rdkafka') or 'librdkafka.so.1')
    for name in ('rd_kafka_conf_new', 'rd_kafka_new'):
        getattr(lib, name).restype = ctypes.c_void_p
    lib.rd_kafka_err2str.restype = ctypes.c_char_p
    return lib


def produce(bootstrap, topic, records, partition=0, **properties):
    """`records`: (key, value, timestamp in ms, headers), keys and values bytes or None, headers pairs; all are there at the end."""
    lib = library()
    conf = ctypes.c_void_p(lib.rd_kafka_conf_new())
    why = ctypes.create_string_buffer(512)
    settings = {'bootstrap.servers': bootstrap, 'linger.ms': '20', 'acks': 'all', 'enable.idempotence': 'true', 'compression.type': 'lz4'}
    for name, value in (settings | properties).items():
        if lib.rd_kafka_conf_set(conf, name.encode(), str(value).encode(), why, ctypes.c_size_t(512)):
            raise AssertionError(why.value.decode())
    client = ctypes.c_void_p(lib.rd_kafka_new(0, conf, why, ctypes.c_size_t(512)))
    size = ctypes.c_size_t
    for key, value, timestamp, headers in records:
        arguments = [TOPIC, topic.encode(), PARTITION, partition, MSGFLAGS, COPY, TIMESTAMP, ctypes.c_int64(timestamp),
                     KEY, key, size(len(key or b'')), VALUE, value, size(len(value or b''))]
        for name, content in headers:
            arguments += [HEADER, name.encode(), content, ctypes.c_ssize_t(len(content or b''))]
        while code := lib.rd_kafka_producev(client, *arguments, 0):
            if code != QUEUE_FULL:
                raise AssertionError(lib.rd_kafka_err2str(code))
            lib.rd_kafka_poll(client, 100)
    failed = lib.rd_kafka_flush(client, 120_000)
    lib.rd_kafka_destroy(client)
    if failed:
        raise AssertionError(f'{topic}: not all records were delivered')
