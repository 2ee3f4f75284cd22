/* Loads and stores that may end in a signal. */
#pragma once
#include "peer.h"

static sigjmp_buf access_failed;
static volatile int accessing;
static volatile uint64_t signal_value;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (accessing) {
    accessing = 0;
    signal_value = (uint64_t)signal << 8 | (uint64_t)info->si_code;
    siglongjmp(access_failed, 1);
  }
  fail(strsignal(signal));
}

static int load(uint64_t address, uint64_t *value) {
  if (sigsetjmp(access_failed, 0) != 0) {
    *value = signal_value;
    return KIND_SIGNAL;
  }
  accessing = 1;
  *value = *(volatile uint64_t *)address;
  accessing = 0;
  return KIND_OK;
}

static int store(uint64_t address, uint64_t value, uint64_t *signal) {
  if (sigsetjmp(access_failed, 0) != 0) {
    *signal = signal_value;
    return KIND_SIGNAL;
  }
  accessing = 1;
  *(volatile uint64_t *)address = value;
  accessing = 0;
  return KIND_OK;
}
