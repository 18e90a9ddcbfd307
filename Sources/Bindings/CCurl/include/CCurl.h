// libcurl, as far as the Curl module calls it. The library is opened at run time, by the processes that speak HTTP:
// it brings twenty more, and a command of a program that never asks for anything comes up sooner without them.
//
// curl_easy_setopt and curl_easy_getinfo are variadic, which Swift can't call, so each kind of argument that the Curl
// module passes has a function here.
#pragma once

#include <curl/curl.h>

// Opens the library and initialises it. To be called once, before any other function; returns 0, or -1 with what is
// wrong in `message`.
int xtblish_curl_load(char *message, size_t message_capacity);

CURL *xtblish_curl_easy_init(void);
void xtblish_curl_easy_cleanup(CURL *easy);
const char *xtblish_curl_easy_strerror(CURLcode code);
struct curl_slist *xtblish_curl_slist_append(struct curl_slist *list, const char *line);
void xtblish_curl_slist_free_all(struct curl_slist *list);

CURLcode xtblish_curl_set_long(CURL *easy, CURLoption option, long value);
CURLcode xtblish_curl_set_offset(CURL *easy, CURLoption option, curl_off_t value);
CURLcode xtblish_curl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode xtblish_curl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode xtblish_curl_set_copied_blob(CURL *easy, CURLoption option, const void *bytes, size_t count);
CURLcode xtblish_curl_set_headers(CURL *easy, struct curl_slist *headers);
CURLcode xtblish_curl_set_write(CURL *easy, curl_write_callback callback);
CURLcode xtblish_curl_set_header(CURL *easy, curl_write_callback callback);
CURLcode xtblish_curl_set_read(CURL *easy, curl_read_callback callback);
CURLcode xtblish_curl_set_seek(CURL *easy, curl_seek_callback callback);
CURLcode xtblish_curl_set_progress(CURL *easy, curl_xferinfo_callback callback);
CURLcode xtblish_curl_get_long(CURL *easy, CURLINFO info, long *value);
CURLcode xtblish_curl_get_string(CURL *easy, CURLINFO info, const char **value);

CURLM *xtblish_curl_multi_init(void);
CURLMcode xtblish_curl_multi_cleanup(CURLM *multi);
CURLMcode xtblish_curl_multi_set_long(CURLM *multi, CURLMoption option, long value);
CURLMcode xtblish_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode xtblish_curl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode xtblish_curl_multi_perform(CURLM *multi, int *running);
CURLMcode xtblish_curl_multi_poll(CURLM *multi, int timeout_milliseconds);
CURLMcode xtblish_curl_multi_wakeup(CURLM *multi);
CURLMsg *xtblish_curl_multi_info_read(CURLM *multi, int *left);
const char *xtblish_curl_multi_strerror(CURLMcode code);

// A macro that Swift does not see.
static inline size_t xtblish_curl_read_abort(void) { return CURL_READFUNC_ABORT; }
