/* The readers of a crowd of open boards, and the yardstick: a plain loop of send to as many sockets.
 *
 * Built and told what to do by bench/crowd.py, a line at a time; each is answered with one line.
 *   read:  open PORT COUNT FILE|-   opens COUNT connections; FILE has one request head a line, taken in turn
 *          expect MARKER            from now on every connection waits for the marker
 *          wait SECONDS             first, median and last arrival (CLOCK_MONOTONIC), how many came, CPU seconds taken
 *          count                    connections that are open still
 *          drop COUNT               cuts so many off, which ones goes round; `open` opens others in their place
 *   send:  accept COUNT, then send MARKER: FILE's bytes with the marker in place of "marker-0000" to each; its start
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 20000
#define KEPT 32
#define AT_ONCE 64

struct reader { int fd, first, kept; char tail[KEPT]; double came; };

static struct reader readers[MOST];
static int readers_open, readers_all, left_open, left_first, waits;
static char marker[KEPT], piece[KEPT + 262144];
static double cpu_before, deadline, times[MOST];

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void fail(const char *what) { perror(what); exit(1); }

static int dial(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void arrived(struct reader *one) {
    one->came = now();
    left_open--;
}

static void take(int poll, struct reader *one) {
    for (;;) {
        memcpy(piece, one->tail, one->kept);
        ssize_t got = recv(one->fd, piece + one->kept, sizeof piece - KEPT, 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (got <= 0) {
            epoll_ctl(poll, EPOLL_CTL_DEL, one->fd, NULL);
            close(one->fd);
            one->fd = -1;
            readers_open--;
            return;
        }
        size_t size = one->kept + got;
        if (!one->first && memmem(piece, size, "\nid: ", 5)) one->first = 1, left_first--;
        if (marker[0] && !one->came && memmem(piece, size, marker, strlen(marker))) arrived(one);
        one->kept = size < KEPT ? size : KEPT;
        memmove(one->tail, piece + size - one->kept, one->kept);
    }
}

static void pump(int poll, int milliseconds) {
    struct epoll_event events[1024];
    int n = epoll_wait(poll, events, 1024, milliseconds);
    for (int i = 0; i < n; i++)
        if (events[i].data.ptr) take(poll, events[i].data.ptr);
}

static void open_readers(int poll, int port, int count, const char *name) {
    double began = now();
    FILE *requests = strcmp(name, "-") ? fopen(name, "r") : NULL;
    char line[2048], head[4096];
    for (int i = 0, slot = 0; i < count; i++) {
        while (slot < readers_all && readers[slot].fd >= 0) slot++;
        if (slot == MOST) break;
        if (slot == readers_all) readers_all++;
        struct reader *one = &readers[slot];
        memset(one, 0, sizeof *one);
        one->fd = dial(port);
        if (requests) {
            if (!fgets(line, sizeof line, requests)) rewind(requests), fgets(line, sizeof line, requests);
            line[strcspn(line, "\n")] = 0;
            int size = snprintf(head, sizeof head, "GET /live HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n"
                                "Accept-Language: ja\r\nCookie: %s\r\n\r\n", port, line);
            if (send(one->fd, head, size, 0) != size) fail("send");
            left_first++;
        }
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
        epoll_ctl(poll, EPOLL_CTL_ADD, one->fd, &event);
        readers_open++;
        while (left_first > AT_ONCE && now() - began < 300) pump(poll, 100);
    }
    while (left_first > 0 && now() - began < 300) pump(poll, 100);
    if (requests) fclose(requests);
    printf("%.3f %d\n", now() - began, left_first);
}

static void drop_readers(int poll, int count) {
    static int turn;
    for (int left = readers_all; count > 0 && left > 0; left--, turn++) {
        struct reader *one = &readers[turn % readers_all];
        if (one->fd < 0) continue;
        epoll_ctl(poll, EPOLL_CTL_DEL, one->fd, NULL);
        close(one->fd);
        one->fd = -1, readers_open--, count--;
    }
    printf("%d\n", readers_open);
}

static void tell_arrivals(void) {
    int n = 0;
    for (int i = 0; i < readers_all; i++)
        if (readers[i].came) times[n++] = readers[i].came;
    qsort(times, n, sizeof *times, compare);
    printf("%.6f %.6f %.6f %d %.3f\n", n ? times[0] : 0, n ? times[n / 2] : 0, n ? times[n - 1] : 0, n, cpu() - cpu_before);
}

static void read_crowd(void) {
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poll, EPOLL_CTL_ADD, 0, &event);
    char buffer[4096], name[1024];
    int filled = 0, port, count;
    for (;;) {
        struct epoll_event events[1024];
        int n = epoll_wait(poll, events, 1024, waits ? 20 : -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr) { take(poll, events[i].data.ptr); continue; }
            ssize_t got = read(0, buffer + filled, sizeof buffer - 1 - filled);
            if (got <= 0) return;
            buffer[filled += got] = 0;
        }
        if (waits && (left_open <= 0 || now() > deadline)) {
            tell_arrivals();
            waits = 0;
        }
        char *end;
        while (!waits && (end = memchr(buffer, '\n', filled))) {
            *end = 0;
            if (sscanf(buffer, "open %d %d %1000s", &port, &count, name) == 3) open_readers(poll, port, count, name);
            else if (sscanf(buffer, "expect %30s", marker) == 1) {
                for (int i = 0; i < readers_all; i++) readers[i].came = 0;
                left_open = readers_open, cpu_before = cpu();
                puts("ready");
            } else if (sscanf(buffer, "wait %d", &count) == 1) deadline = now() + count, waits = 1;
            else if (sscanf(buffer, "drop %d", &count) == 1) drop_readers(poll, count);
            else printf("%d\n", readers_open);
            filled -= end + 1 - buffer;
            memmove(buffer, end + 1, filled);
        }
    }
}

static void send_crowd(const char *file) {
    struct sockaddr_in here = {.sin_family = AF_INET};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0), count = 0, wanted;
    if (bind(listener, (struct sockaddr *)&here, size) || listen(listener, 4096)) fail("listen");
    getsockname(listener, (struct sockaddr *)&here, &size);
    printf("%d\n", ntohs(here.sin_port));
    FILE *from = fopen(file, "rb");
    if (!from) fail(file);
    size_t length = fread(piece, 1, sizeof piece, from);
    fclose(from);
    char line[256], *place = memmem(piece, length, "marker-0000", 11);
    static int fds[MOST];
    while (fgets(line, sizeof line, stdin)) {
        if (sscanf(line, "accept %d", &wanted) == 1) {
            while (count < wanted) fds[count++] = accept(listener, NULL, NULL);
            puts("ready");
        } else if (place) {
            memcpy(place, line + 5, 11);
            double began = now();
            for (int i = 0; i < count; i++)
                if (send(fds[i], piece, length, 0) < 0) fail("send");
            printf("%.6f\n", began);
        }
    }
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (argc > 2 && !strcmp(argv[1], "send")) send_crowd(argv[2]);
    else read_crowd();
    return 0;
}
