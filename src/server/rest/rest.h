/* SPDX-License-Identifier: Apache-2.0 */
/* What the resources share. */
#ifndef PV_SERVER_REST_H
#define PV_SERVER_REST_H

#include "server-limits.h"
#include "route.h"
#include "service.h"
#include "vapi-model.h"

/* Holds the VM in the path. Answers 404 as vCenter does when there is none. */
int pv_rest_hold(struct pv_request *request, struct pv_inv_hold *hold, pv_error **error);
/* Answers 404 for an id that names nothing; noun: "Virtual machine", id: message id. */
int pv_rest_no_such(struct pv_request *request, const char *message_id, const char *noun, const char *moref);

/* Holds the VM in the path, does op to it and looks at it again; answers when it was done. */
int pv_rest_power(struct pv_request *request, enum pv_power_op op, struct pv_inv_hold *hold, pv_error **error);

/* ---- filters: AND between members, OR within one; unset passes all ---- */

#define PV_FILTERS_MAX 8
struct pv_filters {
    const char *const *names;           /* members, in the order of the handler's own enum */
    GPtrArray *values[PV_FILTERS_MAX];  /* NULL: unset */
};
/* Reads the query; a member that is not in names is refused: a mistyped filter must not pass all. */
int pv_filters_read(struct pv_request *request, const char *const *names, struct pv_filters *ret_filters,
                    pv_error **error);
void pv_filters_clear(struct pv_filters *filters);
gboolean pv_filters_pass(const struct pv_filters *filters, unsigned member, const char *value);
typedef struct pv_filters pv_filters;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pv_filters, pv_filters_clear)

/* Refuses a list of more than cap items; "virtual machines", "datastores" … 0 when it fits. */
int pv_rest_check_cap(struct pv_request *request, unsigned count, unsigned cap, const char *message_id,
                      const char *nouns);

/* ---- lists of hosts, datastores and networks: what differs from one to the next ---- */

struct pv_rest_listing {
    enum pv_object_kind kind;
    const struct pv_desc *desc;      /* of an item of the answer */
    const char *const *filter_names; /* as for pv_filters_read */
    void *(*item_of)(const struct pv_inv_object *object, const char *moref); /* freed by desc */
    gboolean (*passes)(const struct pv_filters *filters, const void *item);
    unsigned cap;
    const char *too_many, *nouns;    /* as for pv_rest_check_cap */
};
int pv_rest_list(struct pv_request *request, const struct pv_rest_listing *listing, pv_error **error);

#endif
