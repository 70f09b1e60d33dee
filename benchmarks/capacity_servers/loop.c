/* The floor that a server in C stands on: epoll, accept, and send() of the same bytes to each socket.

   No HTTP beyond a fixed head, no log, no resuming, no heartbeat; a reader that is behind is closed. It says its port, then
   reads lines "EVENTS PER_S BYTES" from its standard input and publishes so much. benchmarks/capacity.py compiles it. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000000
#define OPENING "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n: open\n\n\r\n"

static char reading[MOST]; /* by descriptor: whether it is a reader */
static int highest = 0, number = 0;

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void leave(int fd) {
  reading[fd] = 0;
  close(fd);
}

static void publish(int size) {
  static char data[70000], frame[80000], piece[90000];
  int length = snprintf(data, 64, "%.3f ", now_ms());
  if (size > 65000) size = 65000;
  while (length < size) data[length++] = 'x';
  data[length] = 0;
  int framed = snprintf(frame, sizeof frame, "id: e-%d\ndata: %s\n\n", ++number, data);
  int whole = snprintf(piece, sizeof piece, "%x\r\n%s\r\n", framed, frame);
  for (int fd = 0; fd <= highest; fd++)
    if (reading[fd] && send(fd, piece, whole, MSG_NOSIGNAL | MSG_DONTWAIT) != whole) leave(fd);
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), waiting = epoll_create1(0);
  bind(listener, (struct sockaddr *)&address, sizeof address);
  listen(listener, 4096);
  getsockname(listener, (struct sockaddr *)&address, &length);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  struct epoll_event one = {.events = EPOLLIN, .data.fd = listener}, told[256];
  epoll_ctl(waiting, EPOLL_CTL_ADD, listener, &one);
  one.data.fd = 0;
  epoll_ctl(waiting, EPOLL_CTL_ADD, 0, &one);
  int left = 0, size = 0;
  double due_ms = 0, every_ms = 0;
  for (;;) {
    int wait_ms = -1;
    if (left) wait_ms = due_ms > now_ms() ? (int)(due_ms - now_ms()) + 1 : 0;
    int count = epoll_wait(waiting, told, 256, wait_ms);
    for (int n = 0; n < count; n++) {
      int fd = told[n].data.fd;
      char said[4096];
      if (fd == listener) {
        int client;
        while ((client = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          one.data.fd = client;
          epoll_ctl(waiting, EPOLL_CTL_ADD, client, &one);
        }
      } else if (fd == 0) {
        double per_s;
        int got = read(0, said, sizeof said - 1);
        if (got <= 0) return 0;
        said[got] = 0;
        sscanf(said, "%d %lf %d", &left, &per_s, &size);
        every_ms = 1000 / per_s;
        due_ms = now_ms();
      } else {
        int got = read(fd, said, sizeof said); /* a request fits into one segment here */
        if (got == 0 || (got < 0 && errno != EAGAIN)) leave(fd);
        else if (got > 0 && !reading[fd] && fd < MOST) {
          send(fd, OPENING, sizeof OPENING - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
          reading[fd] = 1;
          if (fd > highest) highest = fd;
        }
      }
    }
    while (left && now_ms() >= due_ms) {
      publish(size);
      due_ms += every_ms;
      if (!--left) {
        printf("done\n");
        fflush(stdout);
      }
    }
  }
}
