import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigDecimal;
import stageline.ApiClient;
import stageline.ApiException;
import stageline.api.AccountsApi;
import stageline.api.LeadsApi;
import stageline.api.TransitionsApi;
import stageline.model.AccountCreate;
import stageline.model.CriterionStatus;
import stageline.model.Lead;
import stageline.model.LeadCreate;
import stageline.model.LeadTransitionCreate;
import stageline.model.TransitionProblem;

/** Asks why a lead may not move, and sends an amount. Usage: Refused URL KEY. */
public class Refused {
  public static void main(String[] given) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(given[0]);
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + given[1]));
    AccountCreate account = new AccountCreate().name("Hedges Ltd");
    account.annualRevenue(new BigDecimal("1234567.80")).annualRevenueCurrency("USD");
    System.out.println(new AccountsApi(client).createAccount(account, null).getAnnualRevenue());
    Lead lead = new LeadsApi(client).createLead(new LeadCreate().name("Ann Field"), "java-1");
    try {
      LeadTransitionCreate move = new LeadTransitionCreate().toStage("qualification");
      new TransitionsApi(client).createLeadTransition(lead.getId(), move, null, null);
    } catch (ApiException refused) {
      ObjectMapper mapper = ApiClient.createDefaultObjectMapper();
      TransitionProblem problem = mapper.readValue(refused.getResponseBody(), TransitionProblem.class);
      for (CriterionStatus criterion : problem.getCriteria()) {
        if (!criterion.getSatisfied()) {
          System.out.println(problem.getCode() + ": " + criterion.getWhoCanFix());
        }
      }
    }
  }
}
