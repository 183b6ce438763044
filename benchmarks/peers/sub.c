/* The do-nothing subscriber: the upper limit for anything that reads from this broker.
 *
 * Subscribes at QoS 1 with MQTT 5 and a Receive Maximum of 65535, counts PUBLISH packets and
 * acknowledges all that one read brought with one write. Reads no topic, no payload, stores
 * nothing.
 *
 *     cc -O2 -o sub sub.c
 *     ./sub HOST PORT MESSAGES [FILTER [CLIENT-ID [KEEP-SESSION [WINDOW]]]]
 *
 * Prints "ready" once subscribed and, after MESSAGES messages, one JSON object: the time runs from
 * the first to the last of them. Ends with status 1 after 30 s without a message.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER (1 << 20)
#define PATIENCE_MS 30000

static unsigned char in[BUFFER];
static unsigned char acks[BUFFER];

static double seconds(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
    fprintf(stderr, "sub: %s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

static void send_all(int fd, const unsigned char *data, size_t length)
{
    while (length) {
        ssize_t n = send(fd, data, length, MSG_NOSIGNAL);
        if (n < 0)
            fail("send");
        data += n;
        length -= n;
    }
}

static size_t put_text(unsigned char *to, const char *text)
{
    size_t length = strlen(text);
    to[0] = length >> 8;
    to[1] = length & 255;
    memcpy(to + 2, text, length);
    return length + 2;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "sub HOST PORT MESSAGES [FILTER [CLIENT-ID [KEEP-SESSION [WINDOW]]]]\n");
        return 2;
    }
    long wanted = atol(argv[3]);
    const char *filter = argc > 4 ? argv[4] : "campus/#";
    const char *client = argc > 5 ? argv[5] : "peer-sub";
    int keep = argc > 6 ? atoi(argv[6]) : 0;
    int window = argc > 7 ? atoi(argv[7]) : 65535;

    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
    int one = 1, size = 1 << 21;
    inet_pton(AF_INET, argv[1], &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);

    /* CONNECT: keep-alive 0, Receive Maximum, session expiry of an hour when it is to be kept */
    unsigned char packet[512];
    size_t n = 2;
    n += put_text(packet + n, "MQTT");
    packet[n++] = 5;
    packet[n++] = keep ? 0 : 2;
    packet[n++] = 0;
    packet[n++] = 0;
    packet[n++] = keep ? 8 : 3;
    packet[n++] = 0x21;
    packet[n++] = window >> 8;
    packet[n++] = window & 255;
    if (keep) {
        static const unsigned char expiry[] = {0x11, 0, 0, 0x0e, 0x10};
        memcpy(packet + n, expiry, sizeof expiry);
        n += sizeof expiry;
    }
    n += put_text(packet + n, client);
    packet[0] = 0x10;
    packet[1] = n - 2;
    send_all(fd, packet, n);

    n = 2;
    packet[n++] = 0;
    packet[n++] = 1;
    packet[n++] = 0;
    n += put_text(packet + n, filter);
    packet[n++] = 1;
    packet[0] = 0x82;
    packet[1] = n - 2;
    send_all(fd, packet, n);

    long count = 0;
    size_t have = 0;
    double first = 0, last = 0;
    while (count < wanted) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        if (poll(&waiting, 1, PATIENCE_MS) == 0) {
            fprintf(stderr, "sub: nothing for 30 s after %ld messages\n", count);
            return 1;
        }
        ssize_t got = recv(fd, in + have, BUFFER - have, 0);
        if (got <= 0)
            fail("the broker closed the connection");
        have += got;
        size_t at = 0, out = 0;
        while (have - at >= 2) {
            size_t length = 0, header = 1;
            int shift = 0, whole = 0;
            while (at + header < have && header <= 4) {
                unsigned char digit = in[at + header++];
                length |= (size_t)(digit & 127) << shift;
                shift += 7;
                if (digit < 128) {
                    whole = 1;
                    break;
                }
            }
            if (!whole || have - at < header + length)
                break;
            unsigned char kind = in[at] >> 4;
            unsigned char *body = in + at + header;
            if (kind == 3) {
                if (count++ == 0)
                    first = seconds(CLOCK_MONOTONIC);
                if (in[at] & 6) {
                    size_t topic = (size_t)body[0] << 8 | body[1];
                    acks[out++] = 0x40;
                    acks[out++] = 2;
                    acks[out++] = body[2 + topic];
                    acks[out++] = body[3 + topic];
                }
            } else if (kind == 2 && body[1] != 0) {
                fprintf(stderr, "sub: connection refused, reason 0x%02x\n", body[1]);
                return 1;
            } else if (kind == 9) {
                if (body[length - 1] >= 128) {
                    fprintf(stderr, "sub: subscription refused\n");
                    return 1;
                }
                puts("ready");
                fflush(stdout);
            }
            at += header + length;
        }
        memmove(in, in + at, have - at);
        have -= at;
        if (out)
            send_all(fd, acks, out);
    }
    last = seconds(CLOCK_MONOTONIC);
    double spent = last - first;
    printf("{\"messages\": %ld, \"seconds\": %.4f, \"rate\": %.1f, \"cpu_seconds\": %.4f}\n", count,
           spent, count / spent, seconds(CLOCK_PROCESS_CPUTIME_ID));
    static const unsigned char bye[] = {0xe0, 0};
    send_all(fd, bye, sizeof bye);
    close(fd);
    return 0;
}
