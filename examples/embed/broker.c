/* A complete broker: decides with the active version of a channel, records, and prints the recorded decision.
 * Build: cc -std=c99 broker.c $(pkg-config --cflags --libs writ-pdp) -o broker
 * usage: broker STORE CHANNEL LEDGER < requests, a JSON document a line */
#include <stdio.h>
#include <string.h>

#include <writ/writ.h>

int main(int argc, char** argv) {
    writ_errors* errors = writ_errors_new();
    writ_decision* decision = writ_decision_new(); /* one for each thread */
    writ_pdp_options options = {.struct_size = sizeof options};
    writ_pdp* pdp = NULL; /* one for all threads */
    char line[65536];
    if (argc != 4) {
        fputs("usage: broker STORE CHANNEL LEDGER < requests, a JSON document a line\n", stderr);
        return 2;
    }
    options.store = writ_text_of(argv[1]);
    options.channel = writ_text_of(argv[2]);
    options.ledger = writ_text_of(argv[3]);
    if (writ_pdp_open(&options, &pdp, errors) != WRIT_OK) {
        const writ_error error = writ_errors_at(errors, 0);
        fprintf(stderr, "%.*s: %.*s\n", (int)error.code.length, error.code.data, (int)error.message.length,
                error.message.data);
        return 4;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        writ_text json;
        const writ_text request = {line, strcspn(line, "\n")};
        /* Unless the status is WRIT_OK, the decision is a deny. */
        (void)writ_pdp_decide(pdp, request, writ_text_of(""), decision, &json, errors);
        printf("%.*s\n", (int)json.length, json.data);
    }
    writ_pdp_free(pdp);
    writ_decision_free(decision);
    writ_errors_free(errors);
    return 0;
}
