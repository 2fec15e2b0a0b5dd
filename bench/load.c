/* A client that asks the same again and again over connections that stay open, as fast as it is answered.
 *
 *   load PORT CONNECTIONS SECONDS STATUS PAUSE_US <request
 *
 * Prints: answers, answers with another status, seconds, seconds of CPU of its own, microseconds of the median, of the
 * 99th of a hundred, and of the slowest. PAUSE_US: how long a connection rests before it asks again. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 1024
#define SAMPLES 4000000

struct line { int fd; long got, whole; double asked, rests_until; char head[8192]; long head_length; };

static char request[65536];
static long request_length;
static struct line lines[MOST];
static float *taken;
static long answers, others;
static int wanted;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void fail(const char *what) { perror(what); exit(1); }

static void ask(struct line *line) {
    line->got = line->head_length = 0;
    line->whole = -1;
    line->rests_until = 0;
    line->asked = now();
    if (send(line->fd, request, request_length, 0) != request_length) fail("send");
}

/* How long the answer is, once its head has come. */
static void measure(struct line *line, const char *piece, long length) {
    long room = (long)sizeof line->head - 1 - line->head_length;
    long more = length < room ? length : room;
    memcpy(line->head + line->head_length, piece, more);
    line->head_length += more;
    line->head[line->head_length] = 0;
    char *end = strstr(line->head, "\r\n\r\n");
    if (!end) return;
    *end = 0;
    char *told = strcasestr(line->head, "\r\ncontent-length:");
    int status = atoi(line->head + 9);
    line->whole = end + 4 - line->head + (told && status != 304 ? atol(told + 17) : 0);
    if (status != wanted) others++;
}

static int compare(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int main(int count, char **given) {
    if (count != 6) return 2;
    int connections = atoi(given[2]), epoll = epoll_create1(0), on = 1;
    double seconds = atof(given[3]), pause = atof(given[5]) / 1e6;
    wanted = atoi(given[4]);
    request_length = read(0, request, sizeof request);
    taken = malloc(sizeof(float) * SAMPLES);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(given[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int n = 0; n < connections; n++) {
        lines[n].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(lines[n].fd, (struct sockaddr *)&to, sizeof to)) fail("connect");
        setsockopt(lines[n].fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &lines[n]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, lines[n].fd, &event);
    }
    double began = now();
    for (int n = 0; n < connections; n++) ask(&lines[n]);
    while (now() - began < seconds) {
        struct epoll_event events[MOST];
        int ready = epoll_wait(epoll, events, MOST, pause > 0 ? 1 : 100);
        for (int n = 0; n < ready; n++) {
            static char piece[1 << 18];
            struct line *line = events[n].data.ptr;
            long length = recv(line->fd, piece, sizeof piece, MSG_DONTWAIT);
            if (length < 0 && errno == EAGAIN) continue;
            if (length <= 0) { fprintf(stderr, "closed in the middle\n"); return 1; }
            line->got += length;
            if (line->whole < 0) measure(line, piece, length);
            if (line->whole < 0 || line->got < line->whole) continue;
            if (answers < SAMPLES) taken[answers] = (now() - line->asked) * 1e6;
            answers++;
            if (pause > 0) line->rests_until = now() + pause;
            else ask(line);
        }
        if (pause > 0)
            for (int n = 0; n < connections; n++)
                if (lines[n].rests_until && lines[n].rests_until <= now()) ask(&lines[n]);
    }
    double took = now() - began;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    long kept = answers < SAMPLES ? answers : SAMPLES;
    qsort(taken, kept, sizeof(float), compare);
    printf("%ld %ld %.3f %.3f %.0f %.0f %.0f\n", answers, others, took, cpu,
           kept ? taken[kept / 2] : 0, kept ? taken[kept * 99 / 100] : 0, kept ? taken[kept - 1] : 0);
    return 0;
}
